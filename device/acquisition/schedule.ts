import type { Clock } from "../../platform/clock.ts";
import type { Period } from "./period.ts";

/** Something that is done periodically. */
interface Schedule {
  /** Time between two slots. A change counts from the last slot, at once. */
  readonly period: Period;
  /** Does the work of one slot. Must not reject. */
  readonly run: () => Promise<void> | void;
  /** Slots that passed while the work of an earlier one took its time. They are left out, not caught up with. */
  readonly missed?: (slots: number) => void;
}

/** What a schedule runs on. */
interface ScheduleIo {
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  readonly signal: AbortSignal;
}

/**
 * Runs a schedule until the signal aborts. Slots lie on a fixed grid of the monotonic clock, the first one now, so neither
 * the time the work takes nor a step of the wall clock moves them. After a change of the period the grid goes on from the
 * last slot: the next one comes a new period after it, or now if that is over.
 */
export async function keepSchedule(schedule: Schedule, io: ScheduleIo): Promise<void> {
  const { period } = schedule;
  let slot = io.clock.monotonic();
  while (!io.signal.aborted) {
    const before = period.ms;
    await schedule.run();
    slot = period.ms === before ? await nextSlot(slot, schedule, io) : await reach(slot, period, io);
  }
}

/** The next slot of the grid that is still to come. */
function nextSlot(slot: number, { period, missed }: Schedule, io: ScheduleIo): Promise<number> {
  const late = Math.ceil((io.clock.monotonic() - slot) / period.ms);
  if (late > 1) missed?.(late - 1);
  return reach(slot, period, io, Math.max(1, late));
}

/** Sleeps until `slots` periods after `last`, or, when the period changes, until one new period after it. Returns when that was. */
async function reach(last: number, period: Period, { clock, signal }: ScheduleIo, slots?: number): Promise<number> {
  const ms = period.ms;
  const due = last + (slots ?? 1) * ms;
  const next = slots === undefined ? Math.max(clock.monotonic(), due) : due;
  while (!signal.aborted) {
    if (period.ms !== ms) return await reach(last, period, { clock, signal });
    const left = next - clock.monotonic();
    if (left <= 0) break;
    await period.sleep(left, { clock, signal });
  }
  return next;
}
