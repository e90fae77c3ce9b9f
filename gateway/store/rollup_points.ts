import {
  type Bucket,
  bucketStart,
  columnsOfBucket,
  emptyBucket,
  mergeBucket,
  mergeColumn,
  summaryOf,
} from "./bucket.ts";
import type { Summary } from "./bucket.ts";
import { BUCKET_MS, decodeOpen, openBucket, type RollupResolution, type Rollups } from "./rollups.ts";
import type { SelectedSeries, Selection } from "./sample_selection.ts";
import { mergeByTime, type Timed } from "./time_order.ts";

/** One span of time at an inverter; `at` is its start. */
export interface RollupPoint extends Timed {
  /** In the order of the selection's columns; `undefined` where no value was seen. */
  readonly values: readonly (Summary | undefined)[];
}

interface Span extends Timed {
  readonly bucket: Bucket;
}

/** Rows read at a time. */
const PAGE = 256;

/**
 * The buckets of a selection in order of time, then inverter; series that share an inverter are summed up together. The
 * bucket that contains `from` is the first one.
 */
export function* rollupPoints(
  rollups: Rollups,
  selection: Selection,
  resolution: RollupResolution,
): Generator<RollupPoint> {
  const sequences = selection.series.map((selected) => spansOf(rollups, selected, selection, resolution));
  let pending: Span | undefined;
  for (const span of mergeByTime(sequences)) {
    if (pending !== undefined && pending.at === span.at && pending.inverter === span.inverter) {
      mergeBucket(pending.bucket, span.bucket);
      continue;
    }
    if (pending !== undefined) yield toPoint(pending);
    pending = span;
  }
  if (pending !== undefined) yield toPoint(pending);
}

function toPoint({ at, inverter, bucket }: Span): RollupPoint {
  return { at, inverter, values: Array.from({ length: columnsOfBucket(bucket) }, (_, i) => summaryOf(bucket, i)) };
}

/** The buckets of one series that saw any of the columns, with these columns only. */
function* spansOf(
  rollups: Rollups,
  { series, indexes }: SelectedSeries,
  { from, to }: Selection,
  resolution: RollupResolution,
): Generator<Span> {
  const open = openBucket(decodeOpen(series.open, series.registers.length), resolution);
  const first = bucketStart(from, BUCKET_MS[resolution]);
  const written = writtenBuckets(rollups, series, { resolution, from: first, to });
  for (const bucket of withOpen(written, open && open.start >= first && open.start < to ? open : undefined)) {
    const narrow = emptyBucket(bucket.start, indexes.length);
    for (const [column, index] of indexes.entries()) if (index >= 0) mergeColumn(narrow, column, bucket, index);
    if (indexes.some((_, column) => summaryOf(narrow, column) !== undefined)) {
      yield { at: bucket.start, inverter: series.inverter, bucket: narrow };
    }
  }
}

function* writtenBuckets(
  rollups: Rollups,
  series: SelectedSeries["series"],
  range: { readonly resolution: RollupResolution; readonly from: number; readonly to: number },
): Generator<Bucket> {
  let from = range.from;
  while (true) {
    const buckets = rollups.read(series.id, series.registers.length, { ...range, from, limit: PAGE });
    yield* buckets;
    const last = buckets.at(-1);
    if (last === undefined || buckets.length < PAGE) return;
    from = last.start + 1;
  }
}

/** Puts the open bucket at its place, instead of an older state of it. */
function* withOpen(written: Iterable<Bucket>, open: Bucket | undefined): Generator<Bucket> {
  let waiting = open;
  for (const bucket of written) {
    if (waiting !== undefined && waiting.start <= bucket.start) {
      yield waiting;
      if (waiting.start === bucket.start) {
        waiting = undefined;
        continue;
      }
      waiting = undefined;
    }
    yield bucket;
  }
  if (waiting !== undefined) yield waiting;
}
