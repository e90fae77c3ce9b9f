/** What an inverter's own energy counter showed. */
export interface CounterReading {
  /** Unix milliseconds. */
  readonly at: number;
  /** Wh since installation; more than 0. */
  readonly wh: number;
}

/** Readings that do not follow from the accepted one, but each from the one before. */
export interface Candidate {
  readonly first: CounterReading;
  readonly last: CounterReading;
  readonly count: number;
}

/** What is believed of a counter. */
export interface Counter {
  /** The newest reading that is believed; `undefined` until one is plausible. */
  readonly accepted: CounterReading | undefined;
  readonly candidate: Candidate | undefined;
}

/** A span of time whose energy has been counted, with the power at its ends: [start, W, end, W]. */
export type Counted = readonly [start: number, startW: number, end: number, endW: number];

/** Where the energy of an inverter without a counter has been counted: spans in order of time, with gaps between them. */
export interface Integral {
  /** What lies before was forgotten; nothing is counted there any more. */
  readonly floor: number;
  readonly counted: readonly Counted[];
  /** The newest reading that is not counted yet, if ever: no span is bridged over it. */
  readonly asideAt?: number | undefined;
}

/** Where an inverter's energy comes from: its own counter, or its power, summed up over time. */
export type EnergySource = "counter" | "computed";

/** The energy of one inverter. A pure value: gateway/energy/meter.ts changes it. */
export interface Meter {
  readonly source: EnergySource;
  /** Wh since installation, or since the gateway computes it; never falls. `undefined` until it is plausible. */
  readonly lifetimeWh: number | undefined;
  /** When the newest reading was taken, unix milliseconds; what it showed may be held back. */
  readonly at: number;
  /** Highest power ever seen, in W. */
  readonly peakW: number;
  /** Since when a counter that is polled, and was never believed, shows nothing. */
  readonly silentSince?: number | undefined;
  /** Wh that `lifetimeWh`, and the newest day, show too much since something was corrected: what comes makes up for it. */
  readonly owedWh?: number | undefined;
  readonly owedOfDayWh?: number | undefined;
  readonly counter: Counter;
  readonly integral: Integral;
}
