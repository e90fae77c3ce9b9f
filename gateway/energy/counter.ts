import type { Candidate, Counter, CounterReading } from "../store/port/meter.ts";

/** Energy that came within a span of time (unix milliseconds). */
export interface Gain {
  readonly from: number;
  readonly to: number;
  readonly wh: number;
}

/** How this inverter's counter behaves. */
export interface CounterKind {
  /** Wh after which it begins again at 0 (SunSpec acc32: 2^32 of its unit); `undefined` when it does not. */
  readonly wrapWh: number | undefined;
  /** W that it can have delivered at most. */
  readonly maxPower: number;
}

export const NEW_COUNTER: Counter = { accepted: undefined, candidate: undefined };

/** Counters are coarse and read late: so much more than the power allows is still believed. */
const SLACK_WH = 1_000;
/** The first value of all is believed when so many readings over so long agree. */
const FIRST_READINGS = 3;
const FIRST_SPAN_MS = 60_000;
/** A counter that begins anew (a full turn, another inverter, a factory reset) is believed after a day: dips are over by then. */
const RESTART_SPAN_MS = 86_400_000;
/** What does not follow from such a counter either is passed over for so long: dips and wrong reads happen to it as well. */
const STRAY_MS = 7_200_000;

/**
 * Takes a reading. `gain` is what the counter grew by since the last one that was believed; a reading that cannot follow it
 * changes nothing for now. `accepted` says that the counter was believed for the first time: its value is the total.
 */
export function readCounter(
  counter: Counter,
  reading: CounterReading,
  kind: CounterKind,
): { readonly counter: Counter; readonly gain?: Gain } {
  const { accepted, candidate } = counter;
  if (reading.wh <= 0 || reading.at <= (accepted?.at ?? -Infinity)) return { counter };
  const grown = accepted && growth(accepted, reading, kind);
  if (accepted && grown !== undefined) {
    const gain = { from: accepted.at, to: reading.at, wh: grown };
    return { counter: { accepted: reading, candidate: undefined }, gain };
  }
  const next = follow(candidate, reading, kind, accepted === undefined ? 0 : STRAY_MS);
  return isBelievable(next, accepted !== undefined)
    ? { counter: { accepted: next.last, candidate: undefined }, gain: believedGain(accepted, next, kind) }
    : { counter: { accepted, candidate: next } };
}

/** What the counter grew by from one reading to a later one; `undefined` when it cannot have. */
function growth(
  before: CounterReading,
  after: CounterReading,
  { maxPower }: Pick<CounterKind, "maxPower">,
): number | undefined {
  const most = SLACK_WH + maxPower * (after.at - before.at) / 3_600_000;
  const grown = after.wh - before.wh;
  return grown >= 0 && grown <= most ? grown : undefined;
}

function follow(
  candidate: Candidate | undefined,
  reading: CounterReading,
  kind: CounterKind,
  strayMs: number,
): Candidate {
  if (candidate && reading.at <= candidate.last.at) return candidate;
  if (candidate && growth(candidate.last, reading, kind) !== undefined) {
    return { first: candidate.first, last: reading, count: candidate.count + 1 };
  }
  if (candidate && candidate.count >= FIRST_READINGS && reading.at - candidate.last.at < strayMs) return candidate;
  return { first: reading, last: reading, count: 1 };
}

function isBelievable({ first, last, count }: Candidate, restart: boolean): boolean {
  const span = last.at - first.at;
  return restart ? span >= RESTART_SPAN_MS && last.wh !== first.wh : span >= FIRST_SPAN_MS && count >= FIRST_READINGS;
}

/**
 * What came since the candidate was first seen; what its counter showed then was counted before, or elsewhere. After a full
 * turn it is what came since the reading before it.
 */
function believedGain(accepted: CounterReading | undefined, { first, last }: Candidate, kind: CounterKind): Gain {
  const unturned = { at: first.at, wh: first.wh + (kind.wrapWh ?? Infinity) };
  const turned = accepted && growth(accepted, unturned, kind);
  const from = accepted && turned !== undefined ? accepted.at : first.at;
  return { from, to: last.at, wh: (turned ?? 0) + last.wh - first.wh };
}
