import type { Bytes } from "../../crypto/bytes.ts";
import { type Outcome, refusal, success } from "../outcome.ts";

/**
 * What a coder knows about each kind of bit it meets: a context is the probability that its next bit is 1 (16 bits of
 * fraction, upper half) and how many bits taught it that (lower half). It learns as it goes.
 */
export type Contexts = Uint32Array;

/**
 * Contexts as they start, from their probabilities in 1/65536 (32 to 65,504).
 *
 * @example
 * ```ts
 * contexts([32_768])[0]; // => 2 ** 31
 * ```
 */
export function contexts(probabilities: readonly number[]): Contexts {
  return Uint32Array.from(probabilities, (probability) => probability * 65536);
}

/** Moves a context towards the bit it saw: fast at first, then by about 1/30. */
function learn(context: number, bit: number): number {
  const seen = context & 0xffff;
  const p = context >>> 16;
  const moved = p + ((((bit === 0 ? FLOOR : CEILING) - p) * (RATES[seen] ?? 0)) >> 16);
  return ((moved << 16) | (seen < RATES.length - 1 ? seen + 1 : seen)) >>> 0;
}

/** How far, in 1/65536, the n-th bit of a context moves it. All later bits move it as the last of these. */
const RATES = Int32Array.from(
  [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 27, 30],
  (part) => Math.floor(65536 / part),
);
const FLOOR = 32;
const CEILING = 65536 - 32;

/** Both directions of the coder look alike, so that a format is written down once: encoders return what they were given. */
export interface BitCoder {
  /** One bit in the context of this index. */
  bit(index: number, bit: number): number;
  /** `count` (1 to 16) bits that nothing is known about. */
  raw(count: number, value: number): number;
}

const TOP = 2 ** 24;
const FULL = 2 ** 32;

/** The part of `range` that stands for a 1. At least 1 and below `range`, as 2^24 <= range < 2^32. */
function share(range: number, p: number): number {
  return (range >>> 16) * p;
}

/**
 * The shortest end of a stream: of the numbers in [low, low + range) the one with the most zero bytes at its end.
 * The decoder reads zeros past the end, so those bytes need not be sent.
 */
function shortest(low: number, range: number): number {
  for (const unit of [2 ** 32, 2 ** 24, 2 ** 16, 2 ** 8]) {
    const candidate = Math.ceil(low / unit) * unit;
    if (candidate < low + range) return candidate;
  }
  return low;
}

/**
 * Writes bits as one number in an ever smaller interval (Martin 1979; carries as in LZMA's coder).
 *
 * @example
 * ```ts
 * const encoder = new RangeEncoder(contexts([32_768]));
 * for (const bit of [1, 1, 0, 1]) encoder.bit(0, bit);
 * encoder.finish().length; // => 1
 * ```
 */
export class RangeEncoder implements BitCoder {
  #low = 0;
  #range = FULL - 1;
  readonly #contexts: Contexts;
  readonly #bytes: number[] = [];

  constructor(contexts: Contexts) {
    this.#contexts = contexts.slice();
  }

  bit(index: number, bit: number): number {
    const context = this.#contexts[index] ?? 0;
    const one = share(this.#range, context >>> 16);
    if (bit === 0) {
      this.#range -= one;
    } else {
      this.#low += this.#range - one;
      this.#range = one;
    }
    this.#contexts[index] = learn(context, bit);
    this.#normalise();
    return bit;
  }

  raw(count: number, value: number): number {
    this.#range >>>= count;
    this.#low += this.#range * value;
    this.#normalise();
    return value;
  }

  /** The bytes of everything written, without the zeros at the end. */
  finish(): Bytes {
    this.#low = shortest(this.#low, this.#range);
    for (let i = 0; i < 4; i++) this.#shift();
    if (this.#low >= FULL) this.#carry();
    let length = this.#bytes.length;
    while (length > 0 && this.#bytes[length - 1] === 0) length--;
    return new Uint8Array(this.#bytes.slice(0, length));
  }

  #normalise(): void {
    while (this.#range < TOP) {
      this.#range *= 256;
      this.#shift();
    }
  }

  #shift(): void {
    if (this.#low >= FULL) this.#carry();
    this.#bytes.push(Math.floor(this.#low / TOP));
    this.#low = (this.#low % TOP) * 256;
  }

  #carry(): void {
    this.#low -= FULL;
    let i = this.#bytes.length - 1;
    while (this.#bytes[i] === 255) this.#bytes[i--] = 0;
    this.#bytes[i] = (this.#bytes[i] ?? 0) + 1;
  }
}

/**
 * Reads what a `RangeEncoder` wrote. Any bytes read as something: `finish` tells whether an encoder wrote them.
 *
 * @example
 * ```ts
 * const start = contexts([32_768]);
 * const encoder = new RangeEncoder(start);
 * for (const bit of [1, 0, 1]) encoder.bit(0, bit);
 * const decoder = new RangeDecoder(start, encoder.finish(), { start: 0, scratch: start.slice() });
 * [decoder.bit(0, 0), decoder.bit(0, 0), decoder.bit(0, 0)]; // => [1, 0, 1]
 * decoder.finish().ok; // => true
 * ```
 */
export class RangeDecoder implements BitCoder {
  readonly #contexts: Contexts;
  readonly #bytes: Uint8Array;
  #next: number;
  #range = FULL - 1;
  #code = 0;
  /** The bytes named a number that no encoder can reach. */
  #outside = false;

  /** `scratch`: contexts of the same size that are overwritten. Decoding allocates nothing of the size of a model. */
  constructor(contexts: Contexts, bytes: Uint8Array, options: { readonly start: number; readonly scratch: Contexts }) {
    const { start, scratch } = options;
    scratch.set(contexts);
    this.#contexts = scratch;
    this.#bytes = bytes;
    this.#next = start;
    for (let i = 0; i < 4; i++) this.#code = this.#code * 256 + this.#byte();
    this.#keepInside();
  }

  bit(index: number, _bit: number): number {
    const context = this.#contexts[index] ?? 0;
    const rest = this.#range - share(this.#range, context >>> 16);
    const bit = this.#code < rest ? 0 : 1;
    if (bit === 0) {
      this.#range = rest;
    } else {
      this.#code -= rest;
      this.#range -= rest;
    }
    this.#contexts[index] = learn(context, bit);
    this.#normalise();
    return bit;
  }

  raw(count: number, _value: number): number {
    this.#range >>>= count;
    const value = Math.min(Math.floor(this.#code / this.#range), 2 ** count - 1);
    this.#code -= value * this.#range;
    this.#keepInside();
    this.#normalise();
    return value;
  }

  /** Accepts only the bytes an encoder ends with: nothing behind them, no longer spelling of the same bits. */
  finish(): Outcome<true, "not_canonical"> {
    const bytes = this.#bytes;
    if (this.#outside) return refusal("not_canonical", "the last bits lie outside the coder's interval");
    if (bytes.length > this.#next) return refusal("not_canonical", `${bytes.length - this.#next} bytes too many`);
    if (bytes.length > 1 && bytes[bytes.length - 1] === 0) return refusal("not_canonical", "a zero byte at the end");
    let tail = 0;
    for (let i = this.#next - 4; i < this.#next; i++) tail = tail * 256 + (bytes[i] ?? 0);
    const low = (tail - this.#code + FULL) % FULL;
    const expected = shortest(low, this.#range) % FULL;
    return expected === tail ? success(true) : refusal("not_canonical", "the end is longer than it needs to be");
  }

  #keepInside(): void {
    if (this.#code < this.#range) return;
    this.#outside = true;
    this.#code = this.#range - 1;
  }

  #byte(): number {
    return this.#bytes[this.#next++] ?? 0;
  }

  #normalise(): void {
    while (this.#range < TOP) {
      this.#range = (this.#range << 8) >>> 0;
      this.#code = ((this.#code << 8) | this.#byte()) >>> 0;
    }
  }
}
