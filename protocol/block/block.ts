import { type Bytes, concat } from "../../crypto/bytes.ts";
import { type Outcome, refusal, success } from "../outcome.ts";
import type { Sample } from "../sample.ts";
import { Column, HIGHEST, LOWEST } from "./column.ts";
import { COUNT_LEVEL, counts, REPEAT, START } from "./model.ts";
import { type BitCoder, RangeDecoder, RangeEncoder } from "./range_coder.ts";
import { TIME_BITS, Timeline } from "./timeline.ts";

/** Name of the format on the wire (docs/block-format.md). */
export const CODEC = "ecowatt-block/1";
/** Most samples in a block. */
export const MAX_SAMPLES = 10_000;
/** Most registers in a block. */
export const MAX_COLUMNS = 64;

/**
 * Why bytes are no block. `version`: another format; `count`, `range`: a number that no block has; `not_canonical`: not
 * what the encoder writes for these samples, cut or followed by something; `mismatch`: not the expected shape.
 */
type BlockFault = "version" | "count" | "range" | "not_canonical" | "mismatch";

/** The size of a block, as something outside it says. */
interface BlockShape {
  readonly columns: number;
  readonly count: number;
}

/**
 * Samples as bytes, losslessly. 1 to 10,000 samples, each of the same 1 to 64 columns; times are whole unix milliseconds
 * from 0 to 2^44 - 1 in any order; values are whole numbers from -2^31 to 2^32 - 1, or undefined. Throws a `RangeError`
 * for others.
 *
 * @example
 * ```ts
 * encodeBlock({ samples: [{ at: 1_000, values: [2308] }] }).length; // => 9
 * ```
 */
export function encodeBlock(series: { readonly samples: readonly Sample[] }): Bytes {
  const columns = columnsOf(series.samples);
  const encoder = new RangeEncoder(START);
  walk(encoder, columns, series.samples);
  return concat(Uint8Array.of(columns - 1), encoder.finish());
}

/** What a decoder learns. One for all: a block is decoded in one go. */
const scratch = START.slice();

/**
 * The samples of a block. Accepts exactly what `encodeBlock` writes, so equal samples have equal bytes. The work is
 * bounded by the shape, which a few bytes can claim to be large: pass `expected` where it was announced.
 *
 * @example
 * ```ts
 * const samples = [{ at: 1_000, values: [2308, undefined] }, { at: 3_000, values: [2310, 4157] }];
 * decodeBlock(encodeBlock({ samples })); // => { ok: true, value: samples }
 * decodeBlock(new Uint8Array([0x80])).ok; // => false
 * ```
 */
export function decodeBlock(bytes: Uint8Array, expected?: BlockShape): Outcome<readonly Sample[], BlockFault> {
  const head = bytes[0] ?? MAX_COLUMNS;
  if (head >= MAX_COLUMNS) return refusal("version", "not an ecowatt-block/1");
  const columns = head + 1;
  if (expected !== undefined && expected.columns !== columns) {
    return refusal("mismatch", `${columns} columns where ${expected.columns} were announced`);
  }
  const decoder = new RangeDecoder(START, bytes, { start: 1, scratch });
  const walked = walk(decoder, columns, undefined, expected?.count);
  if (!walked.ok) return walked;
  const end = decoder.finish();
  return end.ok ? walked : end;
}

/** The format, written once for both directions: with `given` it writes, without it reads. */
function walk(
  coder: BitCoder,
  columns: number,
  given: readonly Sample[] | undefined,
  expected?: number,
): Outcome<readonly Sample[], BlockFault> {
  const timeline = new Timeline();
  const rows = new Rows(columns);
  const count = 1 + counts.code(coder, COUNT_LEVEL, (given?.length ?? 1) - 1);
  if (count > MAX_SAMPLES) return refusal("count", `${count} samples; a block has at most ${MAX_SAMPLES}`);
  if (expected !== undefined && count !== expected) {
    return refusal("mismatch", `${count} samples where ${expected} were announced`);
  }
  const samples: Sample[] = [];
  for (let i = 0; i < count; i++) {
    const at = timeline.code(coder, given?.[i]?.at ?? 0);
    if (at < 0 || at >= 2 ** TIME_BITS) return refusal("range", `sample ${i} has a time of ${at} ms`);
    const values = rows.code(coder, given?.[i]?.values);
    if (!values.ok) return values;
    samples.push({ at, values: values.value });
  }
  return success(samples);
}

type Row = readonly (number | undefined)[];

/** The values of one sample after the other. A row like the one before it costs next to nothing. */
class Rows {
  readonly #columns: readonly Column[];
  #repeat = 0;
  #last: Row | undefined;

  constructor(columns: number) {
    this.#columns = Array.from({ length: columns }, () => new Column());
  }

  code(coder: BitCoder, given: Row | undefined): Outcome<Row, BlockFault> {
    const last = this.#last;
    if (last !== undefined) {
      this.#repeat = coder.bit(REPEAT + this.#repeat, given !== undefined && same(given, last) ? 1 : 0);
      if (this.#repeat === 1) return success(last);
    }
    const row: (number | undefined)[] = [];
    for (const column of this.#columns) {
      const index = row.length;
      const value = column.code(coder, given?.[index]);
      if (value !== undefined && (value < LOWEST || value > HIGHEST)) {
        return refusal("range", `column ${index} has a value of ${value}`);
      }
      row.push(value);
    }
    if (last !== undefined && same(row, last)) return refusal("not_canonical", "a repeated row is written out");
    this.#last = row;
    return success(row);
  }
}

function same(a: Row, b: Row): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** How many columns the samples have; throws where they cannot be a block. */
function columnsOf(samples: readonly Sample[]): number {
  const columns = samples[0]?.values.length ?? 0;
  if (samples.length > MAX_SAMPLES || columns < 1 || columns > MAX_COLUMNS) {
    throw new RangeError(`Cannot encode ${samples.length} samples of ${columns} columns as one block`);
  }
  for (const sample of samples) {
    if (!fitsBlock(sample, columns)) throw new RangeError(`Cannot encode a sample: ${JSON.stringify(sample)}`);
  }
  return columns;
}

/**
 * Whether a sample can be in a block of so many columns.
 *
 * @example
 * ```ts
 * fitsBlock({ at: 1_000, values: [2308, undefined] }, 2); // => true
 * fitsBlock({ at: 1_000, values: [230.8, undefined] }, 2); // => false
 * ```
 */
export function fitsBlock({ at, values }: Sample, columns: number): boolean {
  return columns >= 1 && columns <= MAX_COLUMNS && values.length === columns && isWhole(at, 0, 2 ** TIME_BITS - 1) &&
    values.every((value) => value === undefined || isWhole(value, LOWEST, HIGHEST));
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
