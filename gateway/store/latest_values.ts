import type { Quality } from "../../protocol/sample.ts";
import { profileById } from "../../protocol/profile/catalogue.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import { credibleTime } from "./port/sample_batch.ts";
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

/** The newest value of every register of the selection, whatever its range: each from the newest block of its series. */
export function latestValues(points: RawPoints, { series, columns }: Selection): readonly LatestValue[] {
  const newest = new Map<string, LatestValue>();
  for (const selected of series) {
    const block = points.lastBlock(selected.series);
    if (block === undefined) continue;
    for (const value of valuesOf(selected, block, columns)) {
      const name = `${value.inverter}\n${value.register}`;
      const known = newest.get(name);
      if (known === undefined || known.at <= value.at) newest.set(name, value);
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
  const profile = profileById(series.profile);
  if (profile === undefined) return;
  const toPhysical = physicalColumns(profile, series.registers);
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

/** When a device was last heard of. */
export function activityOf(series: SeriesStore, points: RawPoints, device: string): Activity {
  const blocks = series.ofDevice(device).map((one) => points.lastBlock(one)).filter((block) => block !== undefined);
  const newest = (values: readonly number[]) => values.length === 0 ? undefined : Math.max(...values);
  return {
    lastReceivedAt: newest(blocks.map((block) => block.received_at)),
    lastSampleAt: newest(blocks.map((block) => credibleTime(block.end_ms, block.received_at))),
  };
}
