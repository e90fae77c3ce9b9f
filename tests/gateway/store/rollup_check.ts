import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { addValue, emptyBucket, type Summary, summaryOf } from "../../../gateway/store/bucket.ts";
import { createRawPoints } from "../../../gateway/store/raw_points.ts";
import { rollupPoints } from "../../../gateway/store/rollup_points.ts";
import { BUCKET_MS, createRollups, type RollupResolution } from "../../../gateway/store/rollups.ts";
import { type SampleQuery, select } from "../../../gateway/store/sample_selection.ts";
import { createSeriesStore } from "../../../gateway/store/series.ts";
import { systemRandom } from "../../../platform/random.ts";
import { QUALITIES } from "../../../protocol/sample.ts";

/** Asserts that the rollups of all resolutions are what the raw samples add up to. */
export function assertRollupsAddUp(db: DatabaseSync, query: SampleQuery): void {
  for (const resolution of ["1m", "15m", "1d"] as const) {
    assert.deepEqual(comparable(rollupOf(db, query, resolution)), comparable(recomputed(db, query, resolution)));
  }
}

/** The raw points of a query. */
export function rawOf(db: DatabaseSync, query: SampleQuery) {
  const selection = select(createSeriesStore(db, systemRandom).ofDevice(query.device), query);
  return { selection, points: [...createRawPoints(db).read(selection)] };
}

/** The rollup points of a query. */
export function rollupOf(db: DatabaseSync, query: SampleQuery, resolution: RollupResolution) {
  const selection = select(createSeriesStore(db, systemRandom).ofDevice(query.device), query);
  return [...rollupPoints(createRollups(db), selection, resolution)];
}

/** The rollup as it follows from the raw samples alone. */
function recomputed(db: DatabaseSync, query: SampleQuery, resolution: RollupResolution) {
  const { selection, points } = rawOf(db, query);
  const length = BUCKET_MS[resolution];
  const buckets = new Map<string, ReturnType<typeof emptyBucket>>();
  for (const { at, inverter, values, quality } of points) {
    const start = Math.floor(at / length) * length;
    const name = `${start} ${inverter}`;
    const bucket = buckets.get(name) ?? emptyBucket(start, selection.columns.length);
    buckets.set(name, bucket);
    for (const [column, value] of values.entries()) {
      if (value !== undefined) addValue(bucket, column, value, at, QUALITIES.indexOf(quality));
    }
  }
  return [...buckets.entries()].map(([name, bucket]) => ({
    at: bucket.start,
    inverter: name.split(" ")[1] ?? "",
    values: selection.columns.map((_, column) => summaryOf(bucket, column)),
  })).filter(({ values }) => values.some((value) => value !== undefined))
    .sort((a, b) => a.at - b.at || (a.inverter < b.inverter ? -1 : 1));
}

/** Sums to 12 digits; the last value only where its time is the only one, as several values of one time may come in any order. */
function comparable(points: readonly { at: number; inverter: string; values: readonly (Summary | undefined)[] }[]) {
  return points.map(({ at, inverter, values }) => ({
    at,
    inverter,
    values: values.map((value) =>
      value && { ...value, sum: value.sum.toPrecision(12), mean: value.mean.toPrecision(12), last: undefined }
    ),
  }));
}
