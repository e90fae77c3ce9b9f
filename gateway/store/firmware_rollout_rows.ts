import { z } from "zod";
import { FirmwareModel, FirmwareVersion } from "../../ota/manifest/version.ts";
import {
  FIRMWARE_STAGES,
  type FirmwareGoal,
  FirmwarePhase,
  type FirmwareRollout,
  FirmwareStage,
} from "./port/firmware_rollout.ts";
import { type Member, RolloutPolicy, type Stage } from "./port/rollout.ts";
import { type RolloutRows, StoredDeviceReason, StoredRolloutReason } from "./rollout_rows.ts";

const STAGE_OF: Record<z.infer<typeof FirmwareStage>, Stage> = {
  waiting: "waiting",
  offered: "begun",
  updated: "succeeded",
  failed: "failed",
  left: "left",
};

const MemberRow = z.object({
  device: z.string(),
  stage: FirmwareStage.transform((stage) => STAGE_OF[stage]),
  attempts: z.int(),
  notBefore: z.int(),
  offeredAt: z.int().optional(),
  reason: StoredDeviceReason.optional(),
  forgiven: z.boolean().optional(),
}).transform(({ offeredAt, ...member }): Member<never> => ({
  ...member,
  ...(offeredAt === undefined ? {} : { begunAt: offeredAt }),
}));

const RolloutRow = z.object({
  phase: FirmwarePhase,
  model: FirmwareModel,
  version: FirmwareVersion,
  by: z.string(),
  createdAt: z.int(),
  policy: RolloutPolicy,
  wave: z.int(),
  reason: StoredRolloutReason.optional(),
  members: z.array(MemberRow),
}).transform(({ model, version, ...rollout }): FirmwareRollout => ({ ...rollout, goal: { model, version } }));

/** Rollouts of firmware: each device is a row of its own. */
export const FIRMWARE_ROLLOUTS: RolloutRows<FirmwareGoal, never> = {
  read: (row) => RolloutRow.parse(row),
  head({ phase, goal, by, createdAt, policy, wave, reason }) {
    return { phase, ...goal, by, createdAt, policy, wave, reason: reason && JSON.stringify(reason) };
  },
  member({ device, stage, attempts, notBefore, begunAt: offeredAt, reason, forgiven }) {
    const text = reason && JSON.stringify(reason);
    return { device, stage: FIRMWARE_STAGES[stage], attempts, notBefore, offeredAt, reason: text, forgiven };
  },
};
