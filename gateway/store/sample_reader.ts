import type { Clock } from "../../platform/clock.ts";
import { type Activity, activityOf, type LatestValue, latestValues } from "./latest_values.ts";
import type { RawPoint, RawPoints } from "./raw_points.ts";
import { type RollupPoint, rollupPoints } from "./rollup_points.ts";
import type { RollupResolution, Rollups } from "./rollups.ts";
import { type SampleQuery, select, type Selection } from "./sample_selection.ts";
import type { SeriesStore } from "./series.ts";

/** Everything that can be asked about stored samples. Sequences read the store as they go, a page at a time. */
export interface SampleReader {
  /** Throws `Fault` `malformed` for a register that was never stored. */
  select(query: SampleQuery): Selection;
  raw(selection: Selection): Iterable<RawPoint>;
  rollup(selection: Selection, resolution: RollupResolution): Iterable<RollupPoint>;
  /** Samples in the blocks that reach into the range. */
  count(selection: Selection): number;
  latest(selection: Selection): readonly LatestValue[];
  activity(deviceId: string): Activity;
}

interface SampleReaderIo {
  readonly series: SeriesStore;
  readonly points: RawPoints;
  readonly rollups: Rollups;
  readonly clock: Pick<Clock, "now">;
}

export function createSampleReader({ series, points, rollups, clock }: SampleReaderIo): SampleReader {
  return {
    select: (query) => select(series.ofDevice(query.device), query),
    raw: (selection) => points.read(selection),
    rollup: (selection, resolution) => rollupPoints(rollups, selection, resolution),
    count: (selection) => points.count(selection),
    latest: (selection) => latestValues(points, selection, clock.now()),
    activity: (deviceId) => activityOf({ series, points }, deviceId, clock.now()),
  };
}
