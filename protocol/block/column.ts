import { bitLength } from "./magnitude.ts";
import { FIRST_LEVEL, firsts, GAP, residuals, SIGN } from "./model.ts";
import type { BitCoder } from "./range_coder.ts";

/** The smallest raw value: of a signed 32-bit register. */
export const LOWEST = -(2 ** 31);
/** The largest raw value: of an unsigned 32-bit register. */
export const HIGHEST = 2 ** 32 - 1;

/** The line through the last two values must have been better than the others by this much (1/16 steps) to be believed. */
const LINE_HANDICAP = 32;

/**
 * One register through time. Each value is foretold by whichever of three predictors has lately been best.
 *
 * @example
 * ```ts
 * import { START } from "./model.ts";
 * import { RangeEncoder } from "./range_coder.ts";
 * const [column, coder] = [new Column(), new RangeEncoder(START)];
 * [2308, undefined, 2310].map((value) => column.code(coder, value)); // => [2308, undefined, 2310]
 * ```
 */
export class Column {
  #started = false;
  #gap = 0;
  #last = 0;
  #before = 0;
  /** Four times the running mean. */
  #mean = 0;
  /** Sixteen times the running mean size of the residuals, nearly. */
  #size = 22;
  /** What the last residual was: 0 a hit, 1 above, 2 below. */
  #side = 0;
  #lastMiss = 0;
  #lineMiss = 0;
  #meanMiss = 0;

  /** Codes one value, or a gap. What comes back may lie outside the range: only the caller can refuse it. */
  code(coder: BitCoder, value: number | undefined): number | undefined {
    this.#gap = coder.bit(GAP + this.#gap, value === undefined ? 1 : 0);
    if (this.#gap === 1) return undefined;
    return this.#started ? this.#next(coder, value ?? 0) : this.#first(coder, value ?? 0);
  }

  #first(coder: BitCoder, value: number): number {
    const size = firsts.code(coder, FIRST_LEVEL, Math.abs(value));
    const first = size !== 0 && coder.bit(SIGN, value < 0 ? 1 : 0) === 1 ? -size : size;
    this.#started = true;
    this.#last = this.#before = first;
    this.#mean = 4 * first;
    return first;
  }

  #next(coder: BitCoder, value: number): number {
    const last = this.#last;
    const line = Math.max(LOWEST, Math.min(HIGHEST, 2 * last - this.#before));
    const mean = Math.floor((this.#mean + 2) / 4);
    const predicted = this.#best(last, line, mean);
    const next = predicted + this.#residual(coder, value - predicted);
    this.#lastMiss = decay(this.#lastMiss, 8) + 16 * Math.abs(next - last);
    this.#lineMiss = decay(this.#lineMiss, 8) + 16 * Math.abs(next - line);
    this.#meanMiss = decay(this.#meanMiss, 8) + 16 * Math.abs(next - mean);
    this.#mean += next - mean;
    this.#before = last;
    this.#last = next;
    return next;
  }

  #best(last: number, line: number, mean: number): number {
    const meanWins = this.#meanMiss < this.#lastMiss;
    const miss = meanWins ? this.#meanMiss : this.#lastMiss;
    if (this.#lineMiss + LINE_HANDICAP < miss) return line;
    return meanWins ? mean : last;
  }

  #residual(coder: BitCoder, residual: number): number {
    const size = residuals.code(coder, bitLength(this.#size), Math.abs(residual));
    this.#size = decay(this.#size, 2) + 8 * size;
    if (size === 0) {
      this.#side = 0;
      return 0;
    }
    const below = coder.bit(SIGN + this.#side, residual < 0 ? 1 : 0);
    this.#side = 1 + below;
    return below === 1 ? -size : size;
  }
}

/** What is left of a sum after one part in `parts` is forgotten. */
function decay(sum: number, parts: number): number {
  return sum - Math.floor(sum / parts);
}
