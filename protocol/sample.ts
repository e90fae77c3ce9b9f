/**
 * How much a stored value can be trusted. `exact`: what the inverter sent. `estimated`: decoded by the likeliest of
 * several readings. `lossy`: the encoder dropped some of it. `provisional`: told as a difference from something that was
 * lost, or known too long ago; not counted until it is mended.
 */
export type Quality = "exact" | "estimated" | "lossy" | "provisional";

/** The order in which qualities fall: a series is as good as its worst value. */
export const QUALITIES = ["exact", "estimated", "lossy", "provisional"] as const satisfies readonly Quality[];

/** The raw register values of one poll. `undefined` marks a register that gave no trustworthy value. */
export interface Sample {
  /** Unix milliseconds. */
  readonly at: number;
  /** One raw integer for each register of the series, in its order. */
  readonly values: readonly (number | undefined)[];
}

/** Consecutive polls of one set of registers. */
export interface Series {
  /** Profile id (protocol/profile/catalogue.ts) that gives the registers their meaning. */
  readonly profile: string;
  /** Register names, one a column. */
  readonly registers: readonly string[];
  readonly samples: readonly Sample[];
}
