import type { Bytes } from "../../crypto/bytes.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { type Bucket, CELL, emptyBucket, STRIDE } from "./bucket.ts";

/*
 * A bucket as bytes, register after register. One byte: quality (bits 0-1), form (bits 2-4), "same last time as the
 * register before" (bit 5). The count. Then, unless it is 0: the last time as milliseconds since the bucket's start
 * (unless the same), min, max, last and sum. Form n < 6: all four are whole multiples of 10^-n, as readings are, and are
 * written as min, max - min, last - min, sum - count × min in these units; form 7: four little-endian doubles. Numbers
 * are LEB128 varints, min and sum zigzag.
 */
const MAX_DECIMALS = 5;
const POWERS = Float64Array.of(1, 10, 100, 1_000, 10_000, 100_000);
const DOUBLES = 7;
const SAME_TIME = 0x20;
/** Most bytes of a register: head, count, time, four numbers of at most 8 bytes of 7 bits. */
const MAX_BYTES = 1 + 8 + 8 + 4 * 8;
/** Rounding a sum of doubles to the decimals of its terms only removes noise of this relative size. */
const NOISE = 1e-11;

type BucketFault = "cut" | "form" | "trailing";

/** Bytes of a bucket; its start and its number of registers are kept beside it. */
export function encodeBucket(bucket: Bucket): Bytes {
  const { cells, start } = bucket;
  const out = new Writer((cells.length / STRIDE) * MAX_BYTES);
  let time = 0;
  for (let base = 0; base < cells.length; base += STRIDE) {
    const count = cells[base + CELL.count] ?? 0;
    const at = (cells[base + CELL.lastAt] ?? 0) - start;
    const form = count === 0 ? 0 : formOf(cells, base);
    const same = count === 0 || at === time;
    out.byte((cells[base + CELL.quality] ?? 0) | (form << 2) | (same ? SAME_TIME : 0));
    out.varint(count);
    if (count === 0) continue;
    if (!same) out.varint(at);
    time = at;
    if (form === DOUBLES) { for (let i = CELL.min; i <= CELL.last; i++) out.double(cells[base + i] ?? 0); }
    else writeDecimals(out, cells, base, POWERS[form] ?? 1);
  }
  return out.finish();
}

/** The bucket that starts at `start` and has `columns` registers. */
export function decodeBucket(bytes: Uint8Array, start: number, columns: number): Outcome<Bucket, BucketFault> {
  const bucket = emptyBucket(start, columns);
  const { cells } = bucket;
  const input = new Reader(bytes);
  let time = 0;
  for (let base = 0; base < cells.length; base += STRIDE) {
    const head = input.byte();
    const form = (head >> 2) & 7;
    if (head >= 0x40 || (form > MAX_DECIMALS && form !== DOUBLES)) return refusal("form", `no such form: ${head}`);
    const count = input.varint();
    if (count === 0) continue;
    if ((head & SAME_TIME) === 0) time = input.varint();
    cells[base + CELL.count] = count;
    cells[base + CELL.lastAt] = start + time;
    cells[base + CELL.quality] = head & 3;
    if (form === DOUBLES) { for (let i = CELL.min; i <= CELL.last; i++) cells[base + i] = input.double(); }
    else readDecimals(input, cells, base, POWERS[form] ?? 1);
  }
  if (input.left < 0) return refusal("cut", `${-input.left} bytes are missing`);
  return input.left === 0 ? success(bucket) : refusal("trailing", `${input.left} bytes too many`);
}

/** The fewest decimals that all of the register's numbers have, or `DOUBLES`. */
function formOf(cells: Float64Array, base: number): number {
  const count = cells[base + CELL.count] ?? 0, min = cells[base + CELL.min] ?? 0, max = cells[base + CELL.max] ?? 0;
  const last = cells[base + CELL.last] ?? 0, sum = cells[base + CELL.sum] ?? 0;
  for (let decimals = 0; decimals <= MAX_DECIMALS; decimals++) {
    const power = POWERS[decimals] ?? 1;
    if (!isWhole(min, power) || !isWhole(max, power) || !isWhole(last, power)) continue;
    // The largest number that is written stays below 2^53.
    if (count * Math.max(Math.abs(min), Math.abs(max)) * power > 2 ** 50) return DOUBLES;
    return Math.abs(Math.round(sum * power) / power - sum) <= NOISE * Math.abs(sum) ? decimals : DOUBLES;
  }
  return DOUBLES;
}

function isWhole(value: number, power: number): boolean {
  return Math.round(value * power) / power === value && !Object.is(value, -0);
}

function writeDecimals(out: Writer, cells: Float64Array, base: number, power: number): void {
  const units = (cell: number) => Math.round((cells[base + cell] ?? 0) * power);
  const min = units(CELL.min);
  out.zigzag(min);
  out.varint(units(CELL.max) - min);
  out.varint(units(CELL.last) - min);
  out.zigzag(units(CELL.sum) - (cells[base + CELL.count] ?? 0) * min);
}

function readDecimals(input: Reader, cells: Float64Array, base: number, power: number): void {
  const min = input.zigzag();
  cells[base + CELL.min] = min / power;
  cells[base + CELL.max] = (min + input.varint()) / power;
  cells[base + CELL.last] = (min + input.varint()) / power;
  cells[base + CELL.sum] = (input.zigzag() + (cells[base + CELL.count] ?? 0) * min) / power;
}

class Writer {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte(rest % 0x80 + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  double(value: number): void {
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  finish(): Bytes {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Reads zeros past the end and counts them: `left` is then negative. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(): number {
    return this.#bytes[this.#offset++] ?? 0;
  }

  varint(): number {
    let value = 0;
    for (let power = 1; power <= 2 ** 49; power *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * power;
      if (byte < 0x80) break;
    }
    return value;
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    const offset = this.#offset;
    this.#offset += 8;
    return offset + 8 <= this.#bytes.length ? this.#view.getFloat64(offset, true) : 0;
  }
}
