import type { Encoding } from "./register.ts";

/**
 * How many 16-bit registers a value of this encoding occupies.
 *
 * @example
 * ```ts
 * wordsOf("i16"); // => 1
 * wordsOf("f32"); // => 2
 * ```
 */
export function wordsOf(encoding: Encoding): 1 | 2 {
  switch (encoding) {
    case "u16":
    case "i16":
      return 1;
    case "u32":
    case "i32":
    case "f32":
    case "acc32":
      return 2;
    default:
      return encoding satisfies never;
  }
}

/**
 * The raw integer in the words at `offset`, high word first; `undefined` when `words` ends before it does.
 * `f32` gives the bit pattern as an unsigned integer: `floatOf` makes a number of it.
 *
 * @example
 * ```ts
 * rawFromWords("i16", [0xffff]); // => -1
 * rawFromWords("u32", [0, 1, 0x86a0], 1); // => 100_000
 * rawFromWords("u32", [1]); // => undefined
 * ```
 */
export function rawFromWords(encoding: Encoding, words: readonly number[], offset = 0): number | undefined {
  const high = words[offset];
  if (high === undefined) return undefined;
  if (encoding === "u16") return high;
  if (encoding === "i16") return (high << 16) >> 16;
  const low = words[offset + 1];
  if (low === undefined) return undefined;
  const signed = (high << 16) | low;
  return encoding === "i32" ? signed : signed >>> 0;
}

/**
 * The words of a raw integer, high word first; `undefined` when it is no integer or does not fit the encoding.
 *
 * @example
 * ```ts
 * wordsFromRaw("u32", 100_000); // => [1, 0x86a0]
 * wordsFromRaw("u16", -1); // => undefined
 * ```
 */
export function wordsFromRaw(encoding: Encoding, raw: number): readonly number[] | undefined {
  const { min, max } = rawRange(encoding);
  if (!Number.isInteger(raw) || raw < min || raw > max) return undefined;
  return wordsOf(encoding) === 1 ? [raw & 0xffff] : [(raw >>> 16) & 0xffff, raw & 0xffff];
}

/**
 * Smallest and largest raw integer of an encoding.
 *
 * @example
 * ```ts
 * rawRange("i16"); // => { min: -32_768, max: 32_767 }
 * ```
 */
export function rawRange(encoding: Encoding): { readonly min: number; readonly max: number } {
  switch (encoding) {
    case "u16":
      return { min: 0, max: 0xffff };
    case "i16":
      return { min: -0x8000, max: 0x7fff };
    case "i32":
      return { min: -0x8000_0000, max: 0x7fff_ffff };
    case "u32":
    case "f32":
    case "acc32":
      return { min: 0, max: 0xffff_ffff };
    default:
      return encoding satisfies never;
  }
}

const float = new DataView(new ArrayBuffer(4));

/** Significant digits of which some always tell a single from its neighbours (IEEE 754, table 3.2 and §5.12). */
const LEAST_DIGITS = 6, MOST_DIGITS = 9;

/**
 * The IEEE 754 single that a raw `f32` stands for, as the shortest decimal that no other single is nearer to: what the
 * device meant, and not the digits that a double adds.
 *
 * @example
 * ```ts
 * floatOf(0x4366_8000); // => 230.5
 * floatOf(0x4366_199a); // => 230.1
 * ```
 */
export function floatOf(raw: number): number {
  float.setUint32(0, raw);
  const single = float.getFloat32(0);
  if (!Number.isFinite(single) || Number.isInteger(single)) return single;
  for (let digits = LEAST_DIGITS; digits < MOST_DIGITS; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return Number(single.toPrecision(MOST_DIGITS));
}

/**
 * The raw `f32` of the single nearest to `value`.
 *
 * @example
 * ```ts
 * floatBits(230.5); // => 0x4366_8000
 * ```
 */
export function floatBits(value: number): number {
  float.setFloat32(0, value);
  return float.getUint32(0);
}
