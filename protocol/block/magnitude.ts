import { type BitCoder, Contexts } from "./range_coder.ts";

/** Longest magnitude in bits: the difference of two timestamps of 44 bits, twice over. */
export const MAX_LENGTH = 46;

/** Levels of expectation that are told apart. Level 4 + n expects numbers of n bits. */
const LEVELS = 20;

/**
 * The chance, in 1/256, that a number of at least n bits has more than n, by how far n lies above what is expected
 * (-5 and less to 5 and more). Measured on traces of solar inverters; only the start of the learning depends on it.
 */
const GROWTH: readonly number[] = [248, 243, 220, 216, 178, 128, 108, 62, 56, 24, 64];

const lengthPriors = Uint16Array.from({ length: LEVELS * MAX_LENGTH }, (_, index) => {
  const above = index % MAX_LENGTH - (Math.floor(index / MAX_LENGTH) - 4);
  return 256 * (GROWTH[Math.max(-5, Math.min(5, above)) + 5] ?? 128);
});
const halfPriors = new Uint16Array(MAX_LENGTH + 1).fill(108 * 256);

/** How many bits a whole number from 0 to 2^53 has; 0 has none. */
export function bitLength(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 2 ** 32);
}

/** Codes whole numbers from 0 to 2^46 - 1 by their length, which it expects as its user says. */
export class Magnitudes {
  readonly #lengths = new Contexts(lengthPriors);
  readonly #halves = new Contexts(halfPriors);

  /** `level`: 4 + the number of bits expected; less for numbers that are mostly 0. */
  code(coder: BitCoder, level: number, value: number): number {
    const base = Math.min(level, LEVELS - 1) * MAX_LENGTH;
    const wanted = bitLength(value);
    let length = 0;
    while (length < MAX_LENGTH && coder.bit(this.#lengths, base + length, wanted > length ? 1 : 0) === 1) length++;
    if (length < 2) return length;
    let result = 2 + coder.bit(this.#halves, length, Math.floor(value / 2 ** (length - 2)) % 2);
    for (let left = length - 2; left > 0;) {
      const count = Math.min(left, 16);
      left -= count;
      result = result * 2 ** count + coder.raw(count, Math.floor(value / 2 ** left) % 2 ** count);
    }
    return result;
  }
}
