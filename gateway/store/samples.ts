import type { DatabaseSync } from "node:sqlite";
import type { Random } from "../../platform/random.ts";
import { BoundedMap } from "../../platform/bounded_map.ts";
import { encodeBlock, MAX_SAMPLES } from "../../protocol/block/block.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import { QUALITIES } from "../../protocol/sample.ts";
import type { SampleBatch, SampleSink } from "./port/sample_batch.ts";
import type { Bucket } from "./bucket.ts";
import {
  createRollups,
  decodeOpen,
  encodeOpen,
  minutesOf,
  type OpenBuckets,
  type Rollups,
  type ToPhysical,
} from "./rollups.ts";
import { createSeriesStore, type SeriesKey, type SeriesStore } from "./series.ts";

export const SCHEMA = `
CREATE TABLE sample_block (
  series INTEGER NOT NULL REFERENCES sample_series(id),
  start_ms INTEGER NOT NULL,
  number INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  count INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (series, start_ms, number)
) STRICT, WITHOUT ROWID;
`;

/** Series whose state is kept at hand between uploads. */
const KEPT = 10_000;

/** What the next append to a series builds on, as of its `blocks`-th block. */
interface SeriesState {
  readonly id: number;
  readonly toPhysical: ToPhysical;
  blocks: number;
  open: OpenBuckets;
}

/** Blocks, their series and their rollups, written together. */
interface Parts {
  readonly series: SeriesStore;
  readonly rollups: Rollups;
  insert(state: SeriesState, block: Block): void;
}

interface Block {
  readonly batch: SampleBatch;
  readonly startMs: number;
  readonly endMs: number;
  readonly quality: number;
  readonly payload: Uint8Array;
  readonly minutes: readonly Bucket[];
}

/**
 * The samples of all devices. Appends a batch as one block with its payload as it came (or encoded here), and counts it
 * into the rollups in the same transaction.
 */
export function createSamples(db: DatabaseSync, random: Random): SampleSink {
  const parts = createParts(db, random);
  // States are taken out while they are used: what throws on the way leaves none behind.
  const kept = new BoundedMap<string, SeriesState>(KEPT);

  /** The state of every series that the batches are of. */
  const take = (batches: readonly SampleBatch[]) => {
    const states = new Map<string, SeriesState>();
    const unknown = new Map<string, SeriesKey>();
    for (const batch of batches) {
      const name = nameOf(batch);
      const state = kept.take(name);
      if (state) states.set(name, state);
      else if (!states.has(name)) unknown.set(name, keyOf(batch));
    }
    const names = [...unknown.keys()];
    for (const [i, state] of load(parts.series, [...unknown.values()]).entries()) states.set(names[i] ?? "", state);
    return states;
  };
  const appendBlock = (batch: SampleBatch, states: Map<string, SeriesState>) => {
    const name = nameOf(batch);
    const known = states.get(name);
    const block = known && toBlock(batch, known.toPhysical);
    if (block && tryAppend(parts, known, block)) return;
    const [again] = load(parts.series, [keyOf(batch)]); // what was kept belongs to a transaction that was rolled back
    if (!again || !tryAppend(parts, again, toBlock(batch, again.toPhysical))) {
      throw new Error(`Cannot append to a series of ${batch.device}: another process writes it`);
    }
    states.set(name, again);
  };
  return {
    append(...batches) {
      const pieces = batches.flatMap(split);
      const states = take(pieces);
      for (const piece of pieces) appendBlock(piece, states);
      for (const [name, state] of states) kept.set(name, state);
    },
  };
}

function keyOf({ device, inverter, series: { profile, registers } }: SampleBatch): SeriesKey {
  return { device, inverter, profile, registers };
}

function nameOf({ device, inverter, series: { profile, registers } }: SampleBatch): string {
  return `${device}\n${inverter}\n${profile}\n${registers.join("\n")}`;
}

function createParts(db: DatabaseSync, random: Random): Parts {
  const insert = db.prepare(
    `INSERT INTO sample_block(series, start_ms, number, end_ms, count, quality, received_at, payload)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    series: createSeriesStore(db, random),
    rollups: createRollups(db),
    insert(state, { batch, startMs, endMs, quality, payload }) {
      const count = batch.series.samples.length;
      insert.run(state.id, startMs, state.blocks, endMs, count, quality, batch.receivedAt, payload);
    },
  };
}

function load(series: SeriesStore, keys: readonly SeriesKey[]): readonly SeriesState[] {
  return series.ensure(keys).map(({ id, map, registers, blocks, open }) => {
    // Without the profile nobody knows what the numbers mean: the block is kept, the rollups have nothing to say.
    const toPhysical: ToPhysical = map ? physicalColumns(map, registers) : () => [];
    return { id, toPhysical, blocks, open: decodeOpen(open, registers.length) };
  });
}

/** Writes the block unless `state` is not what the database has: then nothing is written and `state` is worthless. */
function tryAppend(parts: Parts, state: SeriesState, block: Block): boolean {
  const written = state.blocks === 0 ? undefined : state.id;
  const { open, closed } = parts.rollups.advance(written, state.open, block.minutes);
  const { id, blocks } = state;
  const columns = block.batch.series.registers.length;
  const { startMs, endMs, batch: { receivedAt } } = block;
  if (!parts.series.grow({ id, blocks, startMs, endMs, receivedAt, open: encodeOpen(open, columns) })) return false;
  parts.rollups.close(id, closed);
  parts.insert(state, block);
  state.blocks++;
  state.open = open;
  return true;
}

function toBlock(batch: SampleBatch, toPhysical: ToPhysical): Block {
  const { samples } = batch.series;
  const quality = QUALITIES.indexOf(batch.quality);
  let startMs = Infinity, endMs = -Infinity;
  for (const { at } of samples) {
    if (at < startMs) startMs = at;
    if (at > endMs) endMs = at;
  }
  return {
    batch,
    startMs,
    endMs,
    quality,
    payload: batch.payload ?? encodeBlock(batch.series),
    minutes: [...minutesOf(samples, { columns: batch.series.registers.length, quality, toPhysical }).values()],
  };
}

/** The batch in pieces that fit a block; none of an empty one. */
function split(batch: SampleBatch): readonly SampleBatch[] {
  const { samples } = batch.series;
  if (samples.length <= MAX_SAMPLES || batch.payload !== undefined) return samples.length === 0 ? [] : [batch];
  const { payload: _, ...rest } = batch;
  const pieces: SampleBatch[] = [];
  for (let from = 0; from < samples.length; from += MAX_SAMPLES) {
    pieces.push({ ...rest, series: { ...batch.series, samples: samples.slice(from, from + MAX_SAMPLES) } });
  }
  return pieces;
}
