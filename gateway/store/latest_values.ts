import type { Quality } from "../../protocol/sample.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import { AHEAD_MS, credibleTime } from "./port/sample_batch.ts";
import { type RawPoints, samplesOf, type StoredBlock } from "./raw_points.ts";
import type { SelectedSeries, Selection } from "./sample_selection.ts";
import type { SeriesStore } from "./series.ts";

/** The newest value of a register. */
export interface LatestValue {
  readonly inverter: string;
  readonly register: string;
  readonly unit: string;
  readonly value: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly quality: Quality;
}

/** When a device was last heard of, in unix milliseconds. */
export interface Activity {
  readonly lastReceivedAt: number | undefined;
  readonly lastSampleAt: number | undefined;
}

/**
 * The newest value of every register of the selection, whatever its range: each from the newest block of its series. What came
 * later than `now` came while our clock was ahead: anything else is newer.
 */
export function latestValues(points: RawPoints, { series, columns }: Selection, now: number): readonly LatestValue[] {
  const rank = ({ at }: LatestValue) => at > now + AHEAD_MS ? -Infinity : at;
  const newest = new Map<string, LatestValue>();
  for (const selected of series) {
    const block = points.lastBlock(selected.series);
    if (block === undefined) continue;
    for (const value of valuesOf(selected, block, columns)) {
      const name = `${value.inverter}\n${value.register}`;
      const known = newest.get(name);
      if (known === undefined || rank(known) <= rank(value)) newest.set(name, value);
    }
  }
  const inverters = [...new Set(series.map((selected) => selected.series.inverter))];
  return inverters.flatMap((inverter) => columns.flatMap(({ name }) => newest.get(`${inverter}\n${name}`) ?? []));
}

function* valuesOf(
  { series, indexes }: SelectedSeries,
  block: StoredBlock,
  columns: Selection["columns"],
): Generator<LatestValue> {
  if (series.map === undefined) return;
  const toPhysical = physicalColumns(series.map, series.registers);
  const { quality } = block;
  for (const { at: told, values } of samplesOf(series, block)) {
    const at = credibleTime(told, block.received_at);
    const physical = toPhysical(values);
    for (const [column, index] of indexes.entries()) {
      const value = physical[index], selected = columns[column];
      if (value === undefined || selected === undefined) continue;
      yield { inverter: series.inverter, register: selected.name, unit: selected.unit, value, at, quality };
    }
  }
}

/** What an activity is read from. */
interface ActivityIo {
  readonly series: SeriesStore;
  readonly points: RawPoints;
}

/** When a device was last heard of, as of `now`. */
export function activityOf({ series, points }: ActivityIo, device: string, now: number): Activity {
  const blocks = series.ofDevice(device).map((one) => points.lastBlock(one)).filter((block) => block !== undefined);
  const newest = (values: readonly number[]) => {
    const past = values.filter((at) => at <= now + AHEAD_MS);
    return values.length === 0 ? undefined : Math.max(...past.length === 0 ? values : past);
  };
  return {
    lastReceivedAt: newest(blocks.map((block) => block.received_at)),
    lastSampleAt: newest(blocks.map((block) => credibleTime(block.end_ms, block.received_at))),
  };
}
