import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Bytes } from "../../crypto/bytes.ts";
import type { Sample } from "../../protocol/sample.ts";
import { addValue, type Bucket, bucketStart, columnsOfBucket, emptyBucket, mergeBucket, STRIDE } from "./bucket.ts";
import { decodeBucket, encodeBucket } from "./bucket_codec.ts";

export const SCHEMA = `
CREATE TABLE rollup (
  series INTEGER NOT NULL REFERENCES sample_series(id),
  length_ms INTEGER NOT NULL,
  start INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (series, length_ms, start)
) STRICT, WITHOUT ROWID;
`;

/** Milliseconds that a bucket of each resolution spans. Days are UTC days. */
export const BUCKET_MS = { "1m": 60_000, "15m": 900_000, "1d": 86_400_000 } as const;
export type RollupResolution = keyof typeof BUCKET_MS;

/** Bucket lengths, shortest first; each divides the next. */
const LENGTHS: readonly number[] = Object.values(BUCKET_MS);
const SHORTEST = BUCKET_MS["1m"];

/**
 * The bucket of each length that was written last, in the order of `LENGTHS`. They are kept in the row of their series,
 * where an upload changes all of them at once; a bucket moves to the table `rollup` when another takes its place. The one
 * here is always newer than a row of the table with the same start.
 */
export type OpenBuckets = readonly (Bucket | undefined)[];

const RollupRow = z.object({ start: z.number(), data: z.instanceof(Uint8Array) });

/** The rollups of all series. Writing methods are called inside `GroupCommit.run`. */
export interface Rollups {
  /**
   * Counts minutes in: the buckets that are open then, and those that have to be written with `close`. `series`: `undefined` for
   * one of which nothing is written yet.
   */
  advance(series: number | undefined, open: OpenBuckets, minutes: readonly Bucket[]): Advance;
  close(series: number, closed: readonly Closed[]): void;
  /** Puts a bucket in the place of what is known of its span: the open buckets then. */
  replace(series: number, open: OpenBuckets, bucket: Closed): OpenBuckets;
  /** The quarters of an hour of a day, in order of time. */
  quartersOf(series: number, open: OpenBuckets, columns: number, day: number): readonly Bucket[];
  /** At most `limit` written buckets with from <= start < to, oldest first. */
  read(series: number, columns: number, range: RollupRange): readonly Bucket[];
}

interface RollupRange {
  readonly resolution: RollupResolution;
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

interface Closed {
  readonly lengthMs: number;
  readonly bucket: Bucket;
}

interface Advance {
  readonly open: OpenBuckets;
  readonly closed: readonly Closed[];
}

export function createRollups(db: DatabaseSync): Rollups {
  const upsert = db.prepare("INSERT OR REPLACE INTO rollup(series, length_ms, start, data) VALUES (?, ?, ?, ?)");
  const find = db.prepare("SELECT start, data FROM rollup WHERE series = ? AND length_ms = ? AND start = ?");
  const range = db.prepare(`SELECT start, data FROM rollup
    WHERE series = ? AND length_ms = ? AND start >= ? AND start < ? ORDER BY start LIMIT ?`);

  return {
    advance(series, open, minutes) {
      const closed: Closed[] = [];
      const next = LENGTHS.map((lengthMs, index) => {
        const load = (start: number, columns: number) => {
          const row = series === undefined ? undefined : find.get(series, lengthMs, start);
          return row === undefined ? emptyBucket(start, columns) : parseRow(row, columns);
        };
        const step = advanceOne(open[index], minutes, lengthMs, load);
        for (const bucket of step.closed) closed.push({ lengthMs, bucket });
        return step.open;
      });
      return { open: next, closed };
    },
    close(series, closed) {
      for (const { lengthMs, bucket } of closed) upsert.run(series, lengthMs, bucket.start, encodeBucket(bucket));
    },
    replace(series, open, { lengthMs, bucket }) {
      const index = LENGTHS.indexOf(lengthMs);
      if (open[index]?.start === bucket.start) return open.with(index, bucket);
      upsert.run(series, lengthMs, bucket.start, encodeBucket(bucket));
      return open;
    },
    quartersOf(series, open, columns, day) {
      const rows = range.all(series, BUCKET_MS["15m"], day, day + BUCKET_MS["1d"], QUARTERS);
      const written = rows.map((row) => parseRow(row, columns));
      const current = openBucket(open, "15m");
      if (current === undefined || bucketStart(current.start, BUCKET_MS["1d"]) !== day) return written;
      return [...written.filter(({ start }) => start !== current.start), current].sort((a, b) => a.start - b.start);
    },
    read: (series, columns, { resolution, from, to, limit }) =>
      range.all(series, BUCKET_MS[resolution], from, to, limit).map((row) => parseRow(row, columns)),
  };
}

/** Quarters of an hour in a day. */
const QUARTERS = BUCKET_MS["1d"] / BUCKET_MS["15m"];

/** Shorter buckets as one that begins at `start`. */
export function merged(start: number, columns: number, buckets: readonly Bucket[]): Bucket {
  const sum = emptyBucket(start, columns);
  for (const bucket of buckets) mergeBucket(sum, bucket);
  return sum;
}

/** Values in the units of their registers. */
export type ToPhysical = (values: readonly (number | undefined)[]) => readonly (number | undefined)[];

/** What samples are made into minutes by. */
interface MinuteColumns {
  readonly columns: number;
  /** Index into `QUALITIES`. */
  readonly quality: number;
  readonly toPhysical: ToPhysical;
}

/** Samples by their minutes, by when these begin; counted into `minutes`. */
export function minutesOf(
  samples: readonly Sample[],
  { columns, quality, toPhysical }: MinuteColumns,
  minutes = new Map<number, Bucket>(),
): ReadonlyMap<number, Bucket> {
  let minute: Bucket | undefined;
  for (const { at, values } of samples) {
    const start = minuteOf(at);
    if (minute?.start !== start) {
      minute = minutes.get(start) ?? emptyBucket(start, columns);
      minutes.set(start, minute);
    }
    const physical = toPhysical(values);
    for (let column = 0; column < columns; column++) {
      const value = physical[column];
      if (value !== undefined) addValue(minute, column, value, at, quality);
    }
  }
  return minutes;
}

/** Counts minutes into the open bucket of one length, changing it in place, and into others that they belong to. */
function advanceOne(
  open: Bucket | undefined,
  minutes: readonly Bucket[],
  lengthMs: number,
  load: (start: number, columns: number) => Bucket,
): { readonly open: Bucket | undefined; readonly closed: readonly Bucket[] } {
  const touched = new Map<number, Bucket>();
  let current = open;
  for (const minute of minutes) {
    const start = bucketStart(minute.start, lengthMs);
    if (current?.start !== start) {
      if (current !== undefined) touched.set(current.start, current);
      current = touched.get(start) ?? load(start, columnsOfBucket(minute));
      touched.delete(start);
    }
    mergeBucket(current, minute);
  }
  return { open: current, closed: [...touched.values()] };
}

function parseRow(row: unknown, columns: number): Bucket {
  const { start, data } = RollupRow.parse(row);
  return intact(data, start, columns);
}

function intact(data: Uint8Array, start: number, columns: number): Bucket {
  const bucket = decodeBucket(data, start, columns);
  if (!bucket.ok) throw new Error(`Cannot read a rollup bucket: ${bucket.detail}`);
  return bucket.value;
}

/**
 * Open buckets as the bytes that their series keeps: for each length the start (NaN for none) and the cells, as doubles of
 * the machine, all of which are little-endian. Not packed as in the table: this is written with every upload.
 */
export function encodeOpen(open: OpenBuckets, columns: number): Bytes {
  const size = 1 + columns * STRIDE;
  const numbers = new Float64Array(LENGTHS.length * size);
  for (let index = 0; index < LENGTHS.length; index++) {
    const bucket = open[index];
    numbers[index * size] = bucket?.start ?? NaN;
    if (bucket !== undefined) numbers.set(bucket.cells, index * size + 1);
  }
  return new Uint8Array(numbers.buffer);
}

/** The open buckets of a series with `columns` registers; `undefined` bytes are those of a new series. */
export function decodeOpen(bytes: Uint8Array | undefined, columns: number): OpenBuckets {
  if (bytes === undefined) return LENGTHS.map(() => undefined);
  const size = 1 + columns * STRIDE;
  const numbers = new Float64Array(new Uint8Array(bytes).buffer);
  if (numbers.length !== LENGTHS.length * size) throw new Error(`Cannot read open buckets of ${bytes.length} bytes`);
  return LENGTHS.map((_, index) => {
    const start = numbers[index * size] ?? NaN;
    const cells = numbers.slice(index * size + 1, (index + 1) * size);
    return Number.isNaN(start) ? undefined : { start, cells };
  });
}

/** The open bucket of a resolution. */
export function openBucket(open: OpenBuckets, resolution: RollupResolution): Bucket | undefined {
  return open[LENGTHS.indexOf(BUCKET_MS[resolution])];
}

/** The start of the minute that `at` lies in: the bucket all longer ones are made of. */
function minuteOf(at: number): number {
  return bucketStart(at, SHORTEST);
}
