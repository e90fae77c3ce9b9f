import { bitLength } from "./magnitude.ts";
import { misses, TIME_SIGN } from "./model.ts";
import type { BitCoder } from "./range_coder.ts";

/** Bits of a timestamp: unix milliseconds up to the year 2527. */
export const TIME_BITS = 44;

/** Level at which the first step is coded: about two seconds, in milliseconds. */
const FIRST_LEVEL = 15;

/** A larger miss is a step of the clock and says nothing about the jitter of the next ones. */
const STEP_LIMIT = 255;

/**
 * The times of the samples. A step is foretold by the median of the last three: one missed poll does not disturb it.
 *
 * @example
 * ```ts
 * import { START } from "./model.ts";
 * import { RangeEncoder } from "./range_coder.ts";
 * const [timeline, coder] = [new Timeline(), new RangeEncoder(START)];
 * [1_000, 3_001, 4_999].map((at) => timeline.code(coder, at)); // => [1_000, 3_001, 4_999]
 * ```
 */
export class Timeline {
  #started = false;
  #last = 0;
  #steps: readonly [number, number, number] | undefined;
  #size = 0;

  /** Codes one time. What comes back may lie outside the range: only the caller can refuse it. */
  code(coder: BitCoder, at: number): number {
    this.#last = this.#started ? this.#next(coder, at) : first(coder, at);
    this.#started = true;
    return this.#last;
  }

  #next(coder: BitCoder, at: number): number {
    const step = at - this.#last;
    if (this.#steps === undefined) {
      const initial = signed(coder, FIRST_LEVEL, 0, step);
      this.#steps = [initial, initial, initial];
      return this.#last + initial;
    }
    const [a, b, c] = this.#steps;
    const expected = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    const miss = signed(coder, bitLength(this.#size), 1, step - expected);
    this.#size += 4 * Math.min(Math.abs(miss), STEP_LIMIT) - Math.floor(this.#size / 4);
    this.#steps = [b, c, expected + miss];
    return this.#last + expected + miss;
  }
}

function signed(coder: BitCoder, level: number, sign: number, value: number): number {
  const size = misses.code(coder, level, Math.abs(value));
  return size !== 0 && coder.bit(TIME_SIGN + sign, value < 0 ? 1 : 0) === 1 ? -size : size;
}

function first(coder: BitCoder, at: number): number {
  let whole = 0;
  for (const [bits, shift] of [[16, 28], [16, 12], [12, 0]] as const) {
    whole += coder.raw(bits, Math.floor(at / 2 ** shift) % 2 ** bits) * 2 ** shift;
  }
  return whole;
}
