import { z } from "zod";
import { FirmwareModel, FirmwareVersion } from "../../../ota/manifest/version.ts";

const DAY_MINUTES = 1_440;

/** A time of each day, in minutes after midnight UTC; it may go over midnight. */
export const MaintenanceWindow = z.object({
  start: z.int().min(0).max(DAY_MINUTES - 1),
  end: z.int().min(0).max(DAY_MINUTES - 1),
});
export type MaintenanceWindow = Readonly<z.infer<typeof MaintenanceWindow>>;

/** One device of a rollout. */
export const Member = z.object({
  device: z.string(),
  /** `left`: removed, or it has something newer. */
  stage: z.enum(["waiting", "offered", "updated", "failed", "left"]),
  attempts: z.int(),
  /** Unix milliseconds: not offered before; offered since. */
  notBefore: z.int(),
  offeredAt: z.int().optional(),
  reason: z.string().optional(),
  /** Failed before an operator resumed: counts no longer. */
  forgiven: z.boolean().optional(),
});
export type Member = Readonly<z.infer<typeof Member>>;

/** How carefully a firmware is rolled out. */
export const RolloutPolicy = z.object({
  /** Devices of each wave in their order, and how many of them have to be updated before the next one begins. */
  waves: z.array(z.object({ devices: z.int().min(1), successes: z.int().min(0) })).min(1),
  /** Devices that failed for good before it pauses, or is aborted. */
  pauseAfter: z.int().min(1).optional(),
  abortAfter: z.int().min(1).optional(),
  /** Offers that one device gets, and the time between them: doubled each time, up to the maximum. */
  attempts: z.int().min(1),
  backoffMs: z.int().min(0),
  maxBackoffMs: z.int().min(0),
  /** In which time a device has to have the new image running. */
  timeoutMs: z.int().min(1),
  /** Over which the devices of a wave are spread. */
  jitterMs: z.int().min(0),
  window: MaintenanceWindow.optional(),
});
export type RolloutPolicy = Readonly<z.infer<typeof RolloutPolicy>>;

export const RolloutPhase = z.enum(["running", "paused", "done", "aborted"]);
export type RolloutPhase = z.infer<typeof RolloutPhase>;

/** A firmware on its way to many devices. A pure value: gateway/rollout/rollout.ts changes it. */
export const Rollout = z.object({
  phase: RolloutPhase,
  model: FirmwareModel,
  version: FirmwareVersion,
  by: z.string(),
  createdAt: z.int(),
  policy: RolloutPolicy,
  /** The wave that is under way, from 0; the ones before it are open as well. */
  wave: z.int(),
  reason: z.string().optional(),
  members: z.array(Member),
});
export type Rollout = Readonly<z.infer<typeof Rollout>>;

export function isOver({ phase }: Pick<Rollout, "phase">): boolean {
  return phase === "done" || phase === "aborted";
}
