import type { BitCoder } from "./range_coder.ts";

/** Longest magnitude in bits: the difference of two timestamps of 44 bits, twice over. */
const MAX_LENGTH = 46;

/**
 * The chance, in 1/256, that a number of at least n bits has more than n, by how far n lies above what is expected
 * (-5 and less to 5 and more). Measured on traces of solar inverters; only the start of the learning depends on it.
 */
const GROWTH: readonly number[] = [248, 243, 220, 216, 178, 128, 108, 62, 56, 24, 64];

const HALF = 108 * 256;

/**
 * The probabilities that a `Magnitude` starts from, for as many levels as it tells apart, the first of them `lowest`.
 *
 * @example
 * ```ts
 * magnitudeProbabilities(0, 1).length; // => 93
 * ```
 */
export function magnitudeProbabilities(lowest: number, levels: number): number[] {
  const lengths = Array.from({ length: levels * MAX_LENGTH }, (_, index) => {
    const above = index % MAX_LENGTH - (lowest + Math.floor(index / MAX_LENGTH) - 4);
    return 256 * (GROWTH[Math.max(-5, Math.min(5, above)) + 5] ?? 128);
  });
  return [...lengths, ...new Array(MAX_LENGTH + 1).fill(HALF)];
}

/**
 * How many bits a whole number from 0 to 2^53 has; 0 has none.
 *
 * @example
 * ```ts
 * [0, 1, 255, 256].map(bitLength); // => [0, 1, 8, 9]
 * ```
 */
export function bitLength(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 2 ** 32);
}

/** Looked up: raising 2 to a power costs more than coding a bit. */
const POWERS = Float64Array.from({ length: MAX_LENGTH + 1 }, (_, exponent) => 2 ** exponent);

function power(exponent: number): number {
  return POWERS[exponent] ?? 0;
}

/** `count` bits of a number, the lowest of them worth 2^`from`. */
function bits(value: number, from: number, count: number): number {
  return Math.floor(value / power(from)) % power(count);
}

/**
 * Codes whole numbers from 0 to 2^46 - 1 by their length, which it expects as its user says.
 *
 * @example
 * ```ts
 * import { contexts, RangeDecoder, RangeEncoder } from "./range_coder.ts";
 * const [start, numbers] = [contexts(magnitudeProbabilities(0, 20)), new Magnitude(0, 0, 20)];
 * const encoder = new RangeEncoder(start);
 * numbers.code(encoder, 7, 6); // => 6
 * const decoder = new RangeDecoder(start, encoder.finish(), { start: 0, scratch: start.slice() });
 * numbers.code(decoder, 7, 0); // => 6
 * ```
 */
export class Magnitude {
  readonly #base: number;
  readonly #lowest: number;
  readonly #levels: number;

  /** `base`: index of its first context; `lowest`, `levels` as in `magnitudeProbabilities`. */
  constructor(base: number, lowest: number, levels: number) {
    this.#base = base;
    this.#lowest = lowest;
    this.#levels = levels;
  }

  /** `level`: 4 + the number of bits expected; less for numbers that are mostly 0. */
  code(coder: BitCoder, level: number, value: number): number {
    const base = this.#base + Math.min(level - this.#lowest, this.#levels - 1) * MAX_LENGTH;
    const wanted = bitLength(value);
    let length = 0;
    while (length < MAX_LENGTH && coder.bit(base + length, wanted > length ? 1 : 0) === 1) length++;
    return length < 2 ? length : this.#rest(coder, length, value);
  }

  /** The bits under the leading one: the uppermost in a context, the others raw. */
  #rest(coder: BitCoder, length: number, value: number): number {
    let left = length - 2;
    let result = 2 + coder.bit(this.#base + this.#levels * MAX_LENGTH + length, bits(value, left, 1));
    while (left > 0) {
      const count = Math.min(left, 16);
      left -= count;
      result = result * power(count) + coder.raw(count, bits(value, left, count));
    }
    return result;
  }
}
