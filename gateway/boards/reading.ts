import { QUALITIES, type Quality } from "../../protocol/sample.ts";

/** Values in the order of the wire, sample after sample, each with what it is worth. Both arrays are equally long. */
export interface Reading {
  readonly values: readonly number[];
  readonly qualities: readonly Quality[];
}

/** A reading whose values are all worth the same. */
export function readingOf(values: readonly number[], quality: Quality): Reading {
  return { values, qualities: values.map(() => quality) };
}

/** The worse of two qualities. */
export function worse(a: Quality, b: Quality): Quality {
  return QUALITIES.indexOf(a) >= QUALITIES.indexOf(b) ? a : b;
}

/** What the worst value is worth; `exact` when there is none. */
export function worst(qualities: readonly Quality[]): Quality {
  return qualities.reduce(worse, "exact");
}

/** Part of a reading, as `Array.slice`. */
export function sliceReading(reading: Reading, start: number, end?: number): Reading {
  return { values: reading.values.slice(start, end), qualities: reading.qualities.slice(start, end) };
}
