import type { Register } from "../../protocol/profile/register.ts";

/** A step is judged against a value at most this old; after a longer silence anything may have happened. */
export const STEP_MEMORY_MS = 60_000;
/** A value that looked impossible is believed when this many readings in a row agree with each other. */
export const BELIEVED_AFTER = 3;

/** One register of one poll. */
interface Reading {
  readonly raw: number;
  /** Value in the register's unit; `undefined`: not implemented, or its scale factor is unusable. */
  readonly physical: number | undefined;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** A reading that has a value. */
interface Value extends Reading {
  readonly physical: number;
}

/** What is remembered of a register between polls. */
export interface Track {
  /** The last value believed. */
  readonly last?: Value;
  /** The latest of readings that stepped too far from it, and how many in a row agree. */
  readonly doubtful?: { readonly value: Value; readonly agreeing: number };
}

/** `believed` is stored; all others are withheld, and all but `absent` counted. */
export type Verdict = "believed" | "absent" | "missing" | "range" | "step";

/**
 * Judges one reading.
 *
 * - Not implemented, or not scalable: `absent`.
 * - A counter at 0 that has counted before: `missing`; inverters do this when they wake.
 * - Outside the plausible range: `range`, however often it is repeated.
 * - Further than the largest step from the last believed value, or a counter running backwards: `step`. When three
 *   readings in a row agree with each other the level is real (a repaired sensor, a replaced inverter) and believed.
 */
export function judge(
  register: Register,
  reading: Reading,
  track: Track,
): { readonly verdict: Verdict; readonly track: Track } {
  const { physical } = reading;
  if (isCounter(register) && isZero(reading) && track.last) return { verdict: "missing", track };
  if (physical === undefined) return { verdict: "absent", track };
  const { plausible } = register;
  if (plausible && (physical < plausible.min || physical > plausible.max)) return { verdict: "range", track };
  const value: Value = { ...reading, physical };
  if (!track.last || canFollow(register, track.last, value)) return { verdict: "believed", track: { last: value } };
  const { doubtful } = track;
  const agreeing = doubtful && canFollow(register, doubtful.value, value) ? doubtful.agreeing + 1 : 1;
  if (agreeing >= BELIEVED_AFTER) return { verdict: "believed", track: { last: value } };
  return { verdict: "step", track: { last: track.last, doubtful: { value, agreeing } } };
}

/** Whether `to` can be the next true value after `from`. */
function canFollow(register: Register, from: Value, to: Value): boolean {
  const maxStep = register.plausible?.maxStep ?? Infinity;
  const recent = to.at - from.at <= STEP_MEMORY_MS;
  if (!isCounter(register)) return !recent || Math.abs(to.physical - from.physical) <= maxStep;
  const grown = growth(register, from, to);
  return grown >= 0 && (!recent || grown <= maxStep);
}

/** What a counter has gained; negative when it ran backwards. An acc32 wraps at 2^32. */
function growth(register: Register, from: Value, to: Value): number {
  if (register.encoding !== "acc32") return to.physical - from.physical;
  const forward = (to.raw - from.raw) >>> 0;
  const backward = forward >= 0x8000_0000;
  return backward || to.raw === 0 ? -1 : forward * (to.physical / to.raw);
}

/** Energy since installation: only ever grows. Float models have no counter type, the unit tells; of 64 bits the profile. */
function isCounter({ encoding, unit, making, counts }: Register): boolean {
  return encoding === "acc32" || (encoding === "f32" && unit === "Wh") ||
    (making?.low?.bits === 32 && counts === "lifetime");
}

/** Whether nothing is counted; the upper half of 64 bits says it only together with the lower. */
function isZero({ raw, physical = 0 }: Reading): boolean {
  return raw === 0 && physical === 0;
}
