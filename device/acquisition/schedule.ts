import type { Clock } from "../../platform/clock.ts";

/** Longest sleep at a time: a new period is noticed within it. */
const NAP_MS = 10_000;

/** Something that is done periodically. */
export interface Schedule {
  /** Milliseconds between two slots. Asked again all the time: a change counts from the last slot. */
  readonly periodMs: () => number;
  /** Does the work of one slot. Must not reject. */
  readonly run: () => Promise<void> | void;
  /** Slots that passed while the work of an earlier one took its time. They are left out, not caught up with. */
  readonly missed?: (slots: number) => void;
}

/**
 * Runs a schedule until the signal aborts. Slots lie on a fixed grid of the monotonic clock, the first one now, so neither
 * the time the work takes nor a step of the wall clock moves them.
 */
export async function keepSchedule(
  schedule: Schedule,
  io: { readonly clock: Pick<Clock, "monotonic" | "sleep">; readonly signal: AbortSignal },
): Promise<void> {
  let slot = io.clock.monotonic();
  while (!io.signal.aborted) {
    await schedule.run();
    const period = schedule.periodMs();
    const late = Math.ceil((io.clock.monotonic() - slot) / period);
    const next = slot + Math.max(1, late) * period;
    if (late > 1) schedule.missed?.(late - 1);
    slot = await reach(next, slot, schedule, io);
  }
}

/** Sleeps until `next`, or, when the period changes meanwhile, until a new period after `last`. Returns when that was. */
async function reach(
  next: number,
  last: number,
  schedule: Schedule,
  { clock, signal }: { readonly clock: Pick<Clock, "monotonic" | "sleep">; readonly signal: AbortSignal },
): Promise<number> {
  const period = schedule.periodMs();
  while (!signal.aborted) {
    if (schedule.periodMs() !== period) {
      return await reach(Math.max(clock.monotonic(), last + schedule.periodMs()), last, schedule, { clock, signal });
    }
    const left = next - clock.monotonic();
    if (left <= 0) break;
    await clock.sleep(Math.min(left, NAP_MS), signal);
  }
  return next;
}
