import type { Meter } from "../store/port/meter.ts";
import { AHEAD_MS } from "../store/port/sample_batch.ts";
import { type Gain, NEW_COUNTER, readCounter } from "./counter.ts";
import { addReadings, NEW_INTEGRAL, setAside } from "./integral.ts";

/** One poll of an inverter, as far as its energy is concerned. */
export interface MeterReading {
  /** Unix milliseconds. */
  readonly at: number;
  /** AC power in W. */
  readonly w: number | undefined;
  /** What its counter shows, in Wh. */
  readonly wh: number | undefined;
}

/** Readings of one upload. */
interface MeterReadings {
  readonly readings: readonly MeterReading[];
  /** Whether the inverter's counter is among what is polled. */
  readonly hasCounter: boolean;
  /** Wh after which the counter begins again. */
  readonly wrapWh: number | undefined;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** A counter that never showed anything for so long is none: many inverters do not implement theirs. */
const SILENT_MS = 86_400_000;
/** W: what an inverter is thought to be able to deliver, whatever has been seen of it; and while nothing has. */
const LEAST_MAX_POWER = 10_000;
const UNKNOWN_MAX_POWER = 5_000_000;

const NEW_METER: Meter = {
  source: "computed",
  lifetimeWh: undefined,
  at: 0,
  peakW: 0,
  counter: NEW_COUNTER,
  integral: NEW_INTEGRAL,
};

/** Takes the readings of an upload, in any order; `gains` is what they add to the days. */
export function advance(
  before: Meter | undefined,
  upload: MeterReadings,
): { readonly meter: Meter; readonly gains: readonly Gain[] } {
  const latest = upload.receivedAt + AHEAD_MS; // what claims to be later still is taken for now
  const readings = inOrder(
    upload.readings.map((reading) => reading.at > latest ? { ...reading, at: latest } : reading),
  );
  const meter = before ?? NEW_METER;
  if (!upload.hasCounter) return byPower(meter, readings);
  const { counter } = meter;
  const known = counter.accepted !== undefined || counter.candidate !== undefined;
  if (known || readings.some(({ wh = 0 }) => wh > 0)) return byCounter(meter, readings, upload.wrapWh);
  return bySilence(meter, readings);
}

/** An inverter that just woke shows no energy for a while; one that has no counter never does. */
function bySilence(before: Meter, readings: readonly MeterReading[]) {
  const silentSince = before.silentSince ?? readings[0]?.at;
  const silentFor = (readings.at(-1)?.at ?? 0) - (silentSince ?? 0);
  const { meter, gains } = silentFor >= SILENT_MS ? byPower(before, readings) : { meter: before, gains: [] };
  return { meter: { ...meter, at: Math.max(meter.at, readings.at(-1)?.at ?? 0), silentSince }, gains };
}

/** They nearly always are. */
function inOrder(readings: readonly MeterReading[]): readonly MeterReading[] {
  const isLate = ({ at }: MeterReading, index: number) => at < (readings[index - 1]?.at ?? at);
  return readings.some(isLate) ? readings.toSorted((a, b) => a.at - b.at) : readings;
}

function byCounter(before: Meter, readings: readonly MeterReading[], wrapWh: number | undefined) {
  let { counter, lifetimeWh, peakW, at: newest } = before;
  const gains: Gain[] = [];
  for (const { at, w, wh } of readings) {
    peakW = Math.max(peakW, w ?? 0);
    newest = Math.max(newest, at);
    if (wh === undefined) continue;
    const maxPower = peakW === 0 ? UNKNOWN_MAX_POWER : Math.max(LEAST_MAX_POWER, 3 * peakW);
    const read = readCounter(counter, { at, wh }, { wrapWh, maxPower });
    counter = read.counter;
    if (read.gain) gains.push(read.gain);
    // The counter's own value is the total, unless a total that was shown before would change by that.
    if (read.gain) lifetimeWh = lifetimeWh === undefined ? counter.accepted?.wh : lifetimeWh + read.gain.wh;
  }
  const meter: Meter = { source: "counter", lifetimeWh, at: newest, peakW, counter, integral: NEW_INTEGRAL };
  return { meter, gains };
}

/**
 * A total that is shown and must never fall, `wh` further on: what it shows too much is owed, and what comes makes up for it
 * first.
 */
export function moveOn(shown: number, owed: number, wh: number): { readonly shown: number; readonly owed: number } {
  const truth = shown - owed + wh;
  const next = Math.max(shown, truth);
  return { shown: next, owed: next - truth };
}

/** The meter when it turns out that it was `wh` wrong. */
export function corrected(meter: Meter, wh: number): Meter {
  const { shown, owed } = moveOn(meter.lifetimeWh ?? 0, meter.owedWh ?? 0, wh);
  return { ...meter, lifetimeWh: shown, owedWh: owed === 0 ? undefined : owed };
}

/** The meter behind readings of its power that are not to be counted yet. */
export function withAside(before: Meter | undefined, at: number): Meter {
  const meter = before ?? NEW_METER;
  return { ...meter, at: Math.max(meter.at, at), integral: setAside(meter.integral, at) };
}

function byPower(before: Meter, readings: readonly MeterReading[]) {
  const measured = readings.flatMap(({ at, w }) => w === undefined ? [] : [{ at, w }]);
  const last = measured.at(-1);
  if (last === undefined) return { meter: before, gains: [] };
  const { integral, gains } = addReadings(before.integral, measured);
  const meter: Meter = {
    ...corrected(before, gains.reduce((sum, { wh }) => sum + wh, 0)),
    source: "computed",
    silentSince: undefined,
    at: Math.max(before.at, last.at),
    peakW: measured.reduce((peak, { w }) => Math.max(peak, w), before.peakW),
    // What is counted from the power now must not be counted again when the counter is polled again.
    counter: NEW_COUNTER,
    integral,
  };
  return { meter, gains };
}
