import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { decodeBlock } from "../../protocol/block/block.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import { QUALITIES, type Quality, type Sample } from "../../protocol/sample.ts";
import type { SelectedSeries, Selection } from "./sample_selection.ts";
import type { StoredSeries } from "./series.ts";
import { mergeByTime, type Timed } from "./time_order.ts";

/** One poll of an inverter. */
export interface RawPoint extends Timed {
  readonly quality: Quality;
  /** Physical values in the order of the selection's columns; `undefined` is a gap. */
  readonly values: readonly (number | undefined)[];
}

const BlockRow = z.object({
  start_ms: z.number(),
  number: z.number(),
  end_ms: z.number(),
  count: z.number(),
  quality: z.number().transform((index) => QUALITIES[index] ?? "lossy"),
  received_at: z.number(),
  payload: z.instanceof(Uint8Array),
});
/** One stored block. */
export type StoredBlock = Readonly<z.infer<typeof BlockRow>>;

/** Blocks read at a time: a sequence of points needs no more memory than these. */
const PAGE = 16;

/** Stored samples as they were polled. Sequences read as they go, a page at a time, and may be left at any point. */
export interface RawPoints {
  /** In order of time, then inverter. */
  read(selection: Selection): Iterable<RawPoint>;
  /** Samples in the blocks that reach into the selection's range. */
  count(selection: Selection): number;
  /** Blocks of a series that reach into a span of time (`to` not included), in order of their start. */
  blocks(series: StoredSeries, from: number, to: number): Iterable<StoredBlock>;
  /** The newest block: of those that came with a time that lies ahead, the last to come. */
  lastBlock(series: StoredSeries): StoredBlock | undefined;
}

export function createRawPoints(db: DatabaseSync): RawPoints {
  const page = db.prepare(`SELECT * FROM sample_block
    WHERE series = ? AND (start_ms, number) > (?, ?) AND start_ms < ? AND end_ms >= ?
    ORDER BY start_ms, number LIMIT ${PAGE}`);
  const count = db.prepare(`SELECT coalesce(sum(count), 0) AS samples FROM sample_block
    WHERE series = ? AND start_ms >= ? AND start_ms < ? AND end_ms >= ?`);
  const last = db.prepare(`SELECT * FROM sample_block WHERE series = ? ORDER BY start_ms DESC, number DESC LIMIT 1`);
  const one = db.prepare("SELECT * FROM sample_block WHERE series = ? AND start_ms = ? AND number = ?");

  function* blocks({ id, longestMs }: StoredSeries, from: number, to: number): Generator<StoredBlock> {
    let position: readonly [number, number] = [from - longestMs, -1];
    while (true) {
      const rows = page.all(id, ...position, to, from).map((row) => BlockRow.parse(row));
      yield* rows;
      const end = rows.at(-1);
      if (end === undefined || rows.length < PAGE) return;
      position = [end.start_ms, end.number];
    }
  }
  return {
    read: (selection) =>
      mergeByTime(selection.series.map((selected) => {
        return pointsOf(selected, blocks(selected.series, selection.from, selection.to), selection);
      })),
    count: ({ series, from, to }) =>
      series.reduce((sum, { series: { id, longestMs } }) => {
        return sum + Number(count.get(id, from - longestMs, to, from)?.["samples"]);
      }, 0),
    blocks,
    lastBlock({ id, newest }) {
      const row = (newest && one.get(id, newest.startMs, newest.number)) ?? last.get(id);
      return row === undefined ? undefined : BlockRow.parse(row);
    },
  };
}

/** The points of blocks that come in order of their start. Blocks may overlap: a point waits for later blocks to begin. */
function* pointsOf(selected: SelectedSeries, blocks: Iterable<StoredBlock>, range: Selection): Generator<RawPoint> {
  const toPoint = pointMaker(selected);
  let waiting: RawPoint[] = [];
  for (const block of blocks) {
    const ready = waiting.findIndex((point) => point.at >= block.start_ms);
    yield* waiting.splice(0, ready < 0 ? waiting.length : ready);
    for (const sample of samplesOf(selected.series, block)) {
      if (sample.at >= range.from && sample.at < range.to) waiting.push(toPoint(sample, block.quality));
    }
    waiting = waiting.sort((a, b) => a.at - b.at);
  }
  yield* waiting;
}

function pointMaker({ series, indexes }: SelectedSeries): (sample: Sample, quality: Quality) => RawPoint {
  const toPhysical = series.map ? physicalColumns(series.map, series.registers) : () => [];
  return ({ at, values }, quality) => {
    const physical = toPhysical(values);
    return { at, inverter: series.inverter, quality, values: indexes.map((index) => physical[index]) };
  };
}

/** The samples of a stored block. Throws when the database holds no block there: that is damage, not input. */
export function samplesOf(series: StoredSeries, block: StoredBlock): readonly Sample[] {
  const decoded = decodeBlock(block.payload, { columns: series.registers.length, count: block.count });
  if (!decoded.ok) throw new Error(`Cannot read block ${series.id}/${block.number}: ${decoded.detail}`);
  return decoded.value;
}
