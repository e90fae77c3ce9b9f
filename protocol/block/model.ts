import { Magnitude, magnitudeProbabilities } from "./magnitude.ts";
import { type Contexts, contexts } from "./range_coder.ts";

/** Levels at which residuals and misses are told apart. */
const LEVELS = 20;
/** Level of the number of samples: some four bits are expected. */
export const COUNT_LEVEL = 8;
/** Level of the first value of a column: some ten bits are expected. */
export const FIRST_LEVEL = 14;

const probabilities: number[] = [];
const add = (more: readonly number[]): number => probabilities.push(...more) - more.length;

function magnitude(lowest: number, levels: number): Magnitude {
  return new Magnitude(add(magnitudeProbabilities(lowest, levels)), lowest, levels);
}

/** A row like the last one, after: another row, a row like the last one. */
export const REPEAT = add([10240, 52224]);
/** A gap, after: a value, a gap. */
export const GAP = add([600, 59536]);
/** A minus, after: a hit, a plus, a minus. Shared by all columns, because each alone is too short to learn from. */
export const SIGN = add([32768, 32768, 32768]);
/** A minus of: the first step of the clock, a miss. */
export const TIME_SIGN = add([2048, 32768]);

/** The number of samples, less one. */
export const counts = magnitude(COUNT_LEVEL, 1);
/** How far the steps of the clock missed; the first step. */
export const misses = magnitude(0, LEVELS);
/** The first values of the columns. */
export const firsts = magnitude(FIRST_LEVEL, 1);
/** How far the values lay from what was foretold. */
export const residuals = magnitude(0, LEVELS);

/** All contexts of a block, as they start. */
export const START: Contexts = contexts(probabilities);
