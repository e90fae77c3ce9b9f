import type { Encoding, Register } from "./register.ts";

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
    case "bcd16":
      return 1;
    case "u32":
    case "i32":
    case "f32":
    case "f64":
    case "acc32":
    case "bcd32":
      return 2;
    default:
      return encoding satisfies never;
  }
}

/**
 * The text in words: two characters each, up to the first NUL, without blanks at its ends. Control characters go.
 *
 * @example
 * ```ts
 * textFromWords([0x4543, 0x4f00]); // => "ECO"
 * textFromWords([0x4345, 0x004f], true); // => "ECO"
 * ```
 */
export function textFromWords(words: readonly number[], swapped = false): string {
  const bytes = Uint8Array.from(words.flatMap((word) => {
    const pair = [word >> 8, word & 0xff];
    return swapped ? pair.toReversed() : pair;
  }));
  const end = bytes.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  return text.replace(/\p{Cc}/gu, "").trim();
}

/** In which order a register's words, and the bytes of each, come. */
type WordOrder = Pick<Register, "lowFirst" | "swapped">;

/**
 * The raw integer in the words at `offset`, high word first unless `order` says otherwise; `undefined` when `words` ends
 * before it does, or is no decimal number where one is expected. `f32` gives the bit pattern as an unsigned integer:
 * `floatOf` makes a number of it.
 *
 * @example
 * ```ts
 * rawFromWords("i16", [0xffff]); // => -1
 * rawFromWords("u32", [0, 1, 0x86a0], 1); // => 100_000
 * rawFromWords("u32", [0x86a0, 1], 0, { lowFirst: true }); // => 100_000
 * rawFromWords("bcd16", [0x1234]); // => 1_234
 * rawFromWords("u32", [1]); // => undefined
 * ```
 */
export function rawFromWords(
  encoding: Encoding,
  words: readonly number[],
  offset = 0,
  order?: WordOrder,
): number | undefined {
  const first = words[offset];
  if (first === undefined) return undefined;
  if (order?.lowFirst || order?.swapped) return rawFromWords(encoding, ordered(encoding, words, offset, order));
  if (encoding === "u16") return first;
  if (encoding === "i16") return (first << 16) >> 16;
  if (encoding === "bcd16") return decimalOf(first);
  const low = words[offset + 1];
  if (low === undefined) return undefined;
  if (encoding === "bcd32") return decimalOf(((first << 16) | low) >>> 0);
  const signed = (first << 16) | low;
  return encoding === "i32" ? signed : signed >>> 0;
}

/**
 * The words of a raw integer, high word first unless `order` says otherwise; `undefined` when it is no integer or does not
 * fit the encoding.
 *
 * @example
 * ```ts
 * wordsFromRaw("u32", 100_000); // => [1, 0x86a0]
 * wordsFromRaw("u32", 100_000, { lowFirst: true }); // => [0x86a0, 1]
 * wordsFromRaw("u16", -1); // => undefined
 * ```
 */
export function wordsFromRaw(encoding: Encoding, raw: number, order: WordOrder = {}): readonly number[] | undefined {
  const { min, max } = rawRange(encoding);
  if (!Number.isInteger(raw) || raw < min || raw > max) return undefined;
  const bits = encoding === "bcd16" || encoding === "bcd32" ? Number.parseInt(`${raw}`, 16) : raw;
  const words = wordsOf(encoding) === 1 ? [bits & 0xffff] : [(bits >>> 16) & 0xffff, bits & 0xffff];
  return ordered(encoding, words, 0, order);
}

/** The words of one value in the other order: there and back is the same. */
function ordered(encoding: Encoding, words: readonly number[], offset: number, order: WordOrder): readonly number[] {
  const own = words.slice(offset, offset + wordsOf(encoding));
  const turned = order.lowFirst ? own.toReversed() : own;
  return order.swapped ? turned.map((word) => ((word & 0xff) << 8) | (word >> 8)) : turned;
}

/** What four bits a digit say; `undefined` where one says more than nine. */
function decimalOf(bits: number): number | undefined {
  const digits = bits.toString(16);
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
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
    case "f64":
    case "acc32":
      return { min: 0, max: 0xffff_ffff };
    case "bcd16":
      return { min: 0, max: 9_999 };
    case "bcd32":
      return { min: 0, max: 99_999_999 };
    default:
      return encoding satisfies never;
  }
}

const float = new DataView(new ArrayBuffer(8));

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
 * The double whose bit pattern has these halves.
 *
 * @example
 * ```ts
 * doubleOf(0x406c_d000, 0); // => 230.5
 * ```
 */
export function doubleOf(high: number, low: number): number {
  float.setUint32(0, high);
  float.setUint32(4, low);
  return float.getFloat64(0);
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
