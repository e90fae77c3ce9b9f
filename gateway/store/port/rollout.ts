import { z } from "zod";
import type { DeviceReason, RolloutReason } from "./rollout_reason.ts";

const DAY_MINUTES = 1_440;

/** A time of each day, in minutes after midnight UTC; it may go over midnight. */
export const MaintenanceWindow = z.object({
  start: z.int().min(0).max(DAY_MINUTES - 1),
  end: z.int().min(0).max(DAY_MINUTES - 1),
});
export type MaintenanceWindow = Readonly<z.infer<typeof MaintenanceWindow>>;

/** How carefully something is rolled out. */
export const RolloutPolicy = z.object({
  /** Devices of each wave in their order, and how many of them have to succeed before the next one begins. */
  waves: z.array(z.object({ devices: z.int().min(1), successes: z.int().min(0) })).min(1),
  /**
   * How long successes have to last before the next wave begins: then they are looked at again and again, and a device stays
   * begun. Left out: a device that succeeded is through, and the rollout ends when all are.
   */
  holdMs: z.number().min(0).optional(),
  /** Devices that failed for good before it pauses, or is aborted. */
  pauseAfter: z.int().min(1).optional(),
  abortAfter: z.int().min(1).optional(),
  /** Attempts that one device gets, and the time between them: doubled each time, up to the maximum. */
  attempts: z.int().min(1),
  backoffMs: z.int().min(0),
  maxBackoffMs: z.int().min(0),
  /** In which time a device that was begun on has to succeed; left out: the effect says when it is late. */
  timeoutMs: z.int().min(1).optional(),
  /** Over which the devices of a wave are spread. */
  jitterMs: z.int().min(0),
  window: MaintenanceWindow.optional(),
});
export type RolloutPolicy = Readonly<z.infer<typeof RolloutPolicy>>;

/** `left`: removed, or no longer the rollout's; `back`: what was begun was taken back. */
export type Stage = "waiting" | "begun" | "succeeded" | "failed" | "back" | "left";

/** One device of a rollout. `Mark`: what has to be known to take it back. */
export interface Member<Mark = unknown> {
  readonly device: string;
  readonly stage: Stage;
  readonly attempts: number;
  /** Unix milliseconds: not begun on before; begun on since. */
  readonly notBefore: number;
  readonly begunAt?: number | undefined;
  readonly mark?: Mark | undefined;
  readonly reason?: DeviceReason | undefined;
  /** Failed before an operator resumed: counts no longer. */
  readonly forgiven?: boolean | undefined;
}

/** Something on its way to many devices. `Goal`: what. A pure value: gateway/rollout/rollout.ts changes it. */
export interface Rollout<Goal = unknown, Mark = unknown> {
  readonly phase: "running" | "paused" | "done" | "aborted";
  readonly goal: Goal;
  readonly by: string;
  readonly createdAt: number;
  readonly policy: RolloutPolicy;
  /** The wave that is under way, from 0; the ones before it are open as well. */
  readonly wave: number;
  /** Since when all that are needed succeed. */
  readonly heldSince?: number | undefined;
  readonly reason?: RolloutReason | undefined;
  readonly members: readonly Member<Mark>[];
}

/** A rollout with its number. */
export interface StoredRollout<Goal = unknown, Mark = unknown> {
  readonly id: number;
  readonly rollout: Rollout<Goal, Mark>;
}

export function isOver({ phase }: Pick<Rollout, "phase">): boolean {
  return phase === "done" || phase === "aborted";
}
