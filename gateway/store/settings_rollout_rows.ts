import { z } from "zod";
import { SettingsValues, SettingsVersion } from "../../protocol/settings/settings.ts";
import type { Rollout, Stage } from "./port/rollout.ts";
import {
  SETTINGS_STAGES,
  type SettingsGoal,
  type SettingsMark,
  type SettingsMember,
  SettingsPhase,
  settingsPhaseOf,
  settingsPolicy,
  type SettingsRollout,
  SettingsStage,
} from "./port/settings_rollout.ts";
import { type RolloutRows, StoredDeviceReason, StoredRolloutReason } from "./rollout_rows.ts";

const STAGE_OF: Record<z.infer<typeof SettingsStage>, Stage> = {
  waiting: "waiting",
  set: "begun",
  back: "back",
  left: "left",
};
const PHASE_OF: Record<SettingsPhase, Rollout["phase"]> = {
  canary: "running",
  rest: "running",
  done: "done",
  failed: "aborted",
  aborted: "aborted",
};

const MemberRow = z.object({
  device: z.string(),
  stage: SettingsStage.transform((stage) => STAGE_OF[stage]),
  previous: SettingsValues.optional(),
  version: SettingsVersion.optional(),
  setAt: z.number().optional(),
  reason: StoredDeviceReason.optional(),
});

const RolloutRow = z.object({
  phase: SettingsPhase,
  /** Beside `canary` or `rest`. */
  paused: z.boolean().optional(),
  template: z.string().nullable(),
  settings: SettingsValues,
  by: z.string(),
  createdAt: z.number(),
  canaries: z.number(),
  healthyForMs: z.number(),
  applyWithinMs: z.number().optional(),
  healthySince: z.number().optional(),
  reason: StoredRolloutReason.optional(),
  members: z.array(MemberRow),
});

/** Rollouts of settings: all of one is one row. */
export const SETTINGS_ROLLOUTS: RolloutRows<SettingsGoal, SettingsMark> = {
  read: (row) => rolloutOf(RolloutRow.parse(row)),
  head(rollout) {
    const { phase, goal, by, createdAt, policy, heldSince: healthySince, reason } = rollout;
    return {
      phase: settingsPhaseOf(rollout),
      paused: phase === "paused" ? true : undefined,
      ...goal,
      by,
      createdAt,
      canaries: policy.waves[0]?.devices,
      healthyForMs: policy.holdMs,
      healthySince,
      reason: reason && JSON.stringify(reason),
    };
  },
  member({ device, stage, mark, begunAt: setAt, reason }) {
    return { device, stage: SETTINGS_STAGES[stage], ...mark, setAt, reason: reason && JSON.stringify(reason) };
  },
};

function rolloutOf(row: z.infer<typeof RolloutRow>): SettingsRollout {
  const { phase, paused, template, settings, applyWithinMs, by, createdAt, canaries, reason } = row;
  const members = row.members.map((member) => memberOf(member, createdAt));
  const restBegan = phase === "rest" || members.slice(canaries).some(({ stage }) => stage !== "waiting");
  return {
    phase: paused ? "paused" : PHASE_OF[phase],
    goal: { template, settings, applyWithinMs },
    by,
    createdAt,
    policy: settingsPolicy(canaries, members.length, row.healthyForMs),
    wave: Number(restBegan),
    heldSince: row.healthySince,
    reason,
    members,
  };
}

function memberOf(row: z.infer<typeof MemberRow>, createdAt: number): SettingsMember {
  const { device, stage, previous, version, setAt, reason } = row;
  const mark = previous === undefined || version === undefined ? undefined : { previous, version };
  return { device, stage, attempts: Number(stage !== "waiting"), notBefore: createdAt, begunAt: setAt, mark, reason };
}
