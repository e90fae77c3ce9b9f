import type { Counted, Integral } from "../store/port/meter.ts";
import type { Gain } from "./counter.ts";

/** A measured power. */
export interface PowerReading {
  /** Unix milliseconds. */
  readonly at: number;
  /** W. */
  readonly w: number;
}

export const NEW_INTEGRAL: Integral = { floor: 0, counted: [] };

/** Two measurements further apart say nothing of the time between them: polls are seconds to minutes apart. */
export const BRIDGED_MS = 900_000;
/** Spans that are remembered. A night makes a gap, so what comes late by a fortnight still finds its place. */
const REMEMBERED = 16;

/** The same behind readings that are not to be counted yet. */
export function setAside(integral: Integral, at: number): Integral {
  return { ...integral, asideAt: Math.max(integral.asideAt ?? 0, at) };
}

/**
 * Counts readings in: trapezoids between neighbours that are at most 15 minutes apart, with nothing set aside between them.
 * They may come late and out of order, and what lies in a counted span is not counted again. Power below 0 delivers nothing.
 */
export function addReadings(
  integral: Integral,
  readings: readonly PowerReading[],
): { readonly integral: Integral; readonly gains: readonly Gain[] } {
  const { asideAt = -Infinity } = integral;
  const counted: Counted[] = [...integral.counted];
  const gains: Gain[] = [];
  for (const [i, { at, w }] of readings.entries()) {
    const next = readings[i + 1]?.at ?? Infinity;
    if (at >= integral.floor && Number.isFinite(w)) {
      addOne(counted, { at, w: Math.max(0, w) }, { next, asideAt }, gains);
    }
  }
  const forgotten = counted.splice(0, Math.max(0, counted.length - REMEMBERED)).at(-1);
  return { integral: { ...integral, floor: forgotten?.[2] ?? integral.floor, counted }, gains };
}

/** What a reading has beside it: when the reading behind it was taken, and the newest one that is not counted. */
interface Beside {
  readonly next: number;
  readonly asideAt: number;
}

/** What is measured between a reading and a later span is not bridged. */
function addOne(counted: Counted[], { at, w }: PowerReading, { next, asideAt }: Beside, gains: Gain[]): void {
  let place = counted.length; // of the first span that begins later; nearly always there is none
  while (place > 0 && (counted[place - 1]?.[0] ?? 0) > at) place--;
  const before = counted[place - 1], after = counted[place];
  if (before && at <= before[2]) return;
  const isBridged = (from: number, to: number) => to - from <= BRIDGED_MS && !(asideAt > from && asideAt < to);
  if (before && place === counted.length && isBridged(before[2], at)) { // nearly always
    counted[place - 1] = [before[0], before[1], at, w];
    return gain(gains, before[2], before[3], at, w);
  }
  const joinsBefore = before && isBridged(before[2], at);
  const joinsAfter = after && isBridged(at, after[0]) && next >= after[0];
  const [start, startW] = joinsBefore ? before : [at, w];
  const [end, endW] = joinsAfter ? [after[2], after[3]] : [at, w];
  if (joinsBefore) gain(gains, before[2], before[3], at, w);
  if (joinsAfter) gain(gains, at, w, after[0], after[1]);
  counted.splice(joinsBefore ? place - 1 : place, (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), [
    start,
    startW,
    end,
    endW,
  ]);
}

/** Adds the trapezoid between two readings; what follows the last gain directly becomes part of it. */
function gain(gains: Gain[], from: number, fromW: number, to: number, toW: number): void {
  const wh = (fromW + toW) / 2 * (to - from) / 3_600_000;
  const last = gains.at(-1);
  if (last?.to === from && to - last.from <= BRIDGED_MS) {
    gains[gains.length - 1] = { from: last.from, to, wh: last.wh + wh };
  } else gains.push({ from, to, wh });
}
