import type { DatabaseSync } from "node:sqlite";
import { encodeBlock } from "../../protocol/block/block.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import { QUALITIES, type Sample } from "../../protocol/sample.ts";
import { type Bucket, bucketStart } from "./bucket.ts";
import type { RevisedBlock, Revision, SampleReviser } from "./port/sample_batch.ts";
import { type RawPoints, samplesOf, type StoredBlock } from "./raw_points.ts";
import { BUCKET_MS, decodeOpen, encodeOpen, merged, minutesOf, type Rollups } from "./rollups.ts";
import type { SeriesStore, StoredSeries } from "./series.ts";

interface RevisionIo {
  readonly series: SeriesStore;
  readonly points: RawPoints;
  readonly rollups: Rollups;
}

/** Corrects samples that are stored, and summarises anew the quarters of an hour and the days that they lie in. */
export function createSampleReviser(db: DatabaseSync, io: RevisionIo): SampleReviser {
  const update = db.prepare(
    "UPDATE sample_block SET payload = ?, quality = ? WHERE series = ? AND start_ms = ? AND number = ?",
  );
  return {
    revise(revision) {
      const series = io.series.find(revision);
      if (series === undefined) return [];
      const revised: RevisedBlock[] = [];
      const quarters = new Set<number>();
      for (const block of io.points.blocks(series, revision.from, revision.to)) {
        if (block.quality === "exact" || block.start_ms < revision.from) continue;
        const one = revisedBlock(series, block, revision);
        const payload = encodeBlock({ ...revision, samples: one.after });
        update.run(payload, QUALITIES.indexOf(one.quality), series.id, block.start_ms, block.number);
        for (const { at } of one.after) quarters.add(bucketStart(at, BUCKET_MS["15m"]));
        revised.push(one);
      }
      if (quarters.size > 0) summarise(io, series, [...quarters].sort((a, b) => a - b));
      return revised;
    },
  };
}

function revisedBlock(series: StoredSeries, block: StoredBlock, { correct, settles }: Revision): RevisedBlock {
  const { quality: was } = block;
  const before = samplesOf(series, block);
  const quality = was === "provisional" && settles(before) ? "estimated" : was;
  return { was, quality, before, after: before.map(correct) };
}

/** Makes the buckets of these quarters, and of their days, anew from what is stored. */
function summarise({ series, points, rollups }: RevisionIo, stored: StoredSeries, quarters: readonly number[]): void {
  const columns = stored.registers.length;
  let open = decodeOpen(stored.open, columns);
  const put = (lengthMs: number, bucket: Bucket) => open = rollups.replace(stored.id, open, { lengthMs, bucket });
  const days = new Set<number>();
  for (const quarter of quarters) {
    const minutes = minutesBetween(points, stored, quarter, quarter + BUCKET_MS["15m"]);
    for (const minute of minutes) put(BUCKET_MS["1m"], minute);
    put(BUCKET_MS["15m"], merged(quarter, columns, minutes));
    days.add(bucketStart(quarter, BUCKET_MS["1d"]));
  }
  for (const day of days) {
    put(BUCKET_MS["1d"], merged(day, columns, rollups.quartersOf(stored.id, open, columns, day)));
  }
  if (!series.reopen({ id: stored.id, blocks: stored.blocks, open: encodeOpen(open, columns) })) {
    throw new Error(`Cannot correct series ${stored.id}: another process writes it`);
  }
}

function minutesBetween(points: RawPoints, series: StoredSeries, from: number, to: number): readonly Bucket[] {
  const toPhysical = series.map ? physicalColumns(series.map, series.registers) : () => [];
  const minutes = new Map<number, Bucket>();
  for (const block of points.blocks(series, from, to)) {
    const samples = samplesOf(series, block).filter(({ at }: Sample) => at >= from && at < to);
    minutesOf(
      samples,
      { columns: series.registers.length, quality: QUALITIES.indexOf(block.quality), toPhysical },
      minutes,
    );
  }
  return [...minutes.values()].sort((a, b) => a.start - b.start);
}
