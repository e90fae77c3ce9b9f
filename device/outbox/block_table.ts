import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { SeriesKey } from "./open_series.ts";

/** A block that waits for the gateway. */
export interface StoredBlock extends SeriesKey {
  readonly id: number;
  readonly count: number;
  /** Unix milliseconds of its earliest and latest sample. */
  readonly startMs: number;
  readonly endMs: number;
  readonly payload: Uint8Array;
}

/** What the table holds. */
export interface BlockTotals {
  readonly blocks: number;
  /** With what a row costs besides its payload. */
  readonly bytes: number;
  /** Blocks set aside. */
  readonly refused: number;
}

/** Bytes a row is counted with besides its payload. */
export const ROW_BYTES = 64;

const Row = z.object({
  id: z.int(),
  inverter: z.string(),
  profile: z.string(),
  registers: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  count: z.int(),
  startMs: z.int(),
  endMs: z.int(),
  payload: z.instanceof(Uint8Array),
});
const Totals = z.object({ blocks: z.int(), bytes: z.int(), refused: z.int() });
const State = z.object({
  generation: z.int(),
  nextBlock: z.int(),
  droppedBlocks: z.int(),
  droppedSamples: z.int(),
});
/** What the outbox keeps beside its blocks. */
export type OutboxState = z.infer<typeof State>;

const Removed = z.object({ count: z.int(), bytes: z.int(), refused: z.int() });
/** What a removed block held. */
export type RemovedBlock = z.infer<typeof Removed>;

/** The SQL of the outbox. Writes belong into a transaction of the caller's. */
export function createBlockTable(db: DatabaseSync) {
  return { ...stateRow(db), ...blocksToSend(db), ...blocksToRemove(db) };
}

export type BlockTable = ReturnType<typeof createBlockTable>;

const BYTES = `length(payload) + ${ROW_BYTES} AS bytes`;

/** What the outbox keeps beside its blocks, and what these come to. */
function stateRow(db: DatabaseSync) {
  const totals = db.prepare(
    `SELECT count(*) AS blocks, coalesce(sum(bytes), 0) AS bytes, count(refused) AS refused
     FROM (SELECT ${BYTES}, refused FROM block)`,
  );
  const state = db.prepare(
    `SELECT generation, next_block AS nextBlock, dropped_blocks AS droppedBlocks, dropped_samples AS droppedSamples
     FROM state`,
  );
  const setState = db.prepare(
    `UPDATE state SET generation = :generation, next_block = :nextBlock, dropped_blocks = :droppedBlocks,
     dropped_samples = :droppedSamples`,
  );
  return {
    totals: (): BlockTotals => Totals.parse(totals.get()),
    state: (): OutboxState => State.parse(state.get()),
    setState: (next: OutboxState): void => void setState.run({ ...next }),
  };
}

function blocksToSend(db: DatabaseSync) {
  const columns = `block.id, inverter, profile, registers, count, start_ms AS startMs, end_ms AS endMs, payload`;
  const unsent = db.prepare(
    `SELECT ${columns} FROM block JOIN series ON series.id = block.series WHERE refused IS NULL ORDER BY block.id`,
  );
  const addBlock = db.prepare(
    `INSERT INTO block (id, series, count, start_ms, end_ms, payload)
     VALUES (:id, :series, :count, :startMs, :endMs, :payload)`,
  );
  const replace = db.prepare(
    "UPDATE block SET start_ms = :startMs, end_ms = :endMs, payload = :payload WHERE id = :id",
  );
  const renumber = db.prepare("UPDATE block SET id = ? WHERE id = ?");
  const has = db.prepare("SELECT 1 FROM block WHERE id = ?");
  const seriesId = seriesIds(db);
  return {
    add({ id, count, startMs, endMs, payload, ...key }: StoredBlock): void {
      addBlock.run({ id, count, startMs, endMs, payload, series: seriesId(key) });
    },
    /** Writes the times and the bytes of a block anew. */
    replace({ id, startMs, endMs, payload }: StoredBlock): void {
      replace.run({ id, startMs, endMs, payload });
    },
    /** Gives a block another number, which nothing has; false when it is gone. */
    renumber: (id: number, to: number): boolean => Number(renumber.run(to, id).changes) > 0,
    has: (id: number): boolean => has.get(id) !== undefined,
    /** Blocks to send, oldest first, without those to pass over. */
    *unsent(passOver: (id: number) => boolean): Generator<StoredBlock> {
      for (const row of unsent.iterate()) if (!passOver(Number(row["id"]))) yield Row.parse(row);
    },
  };
}

/** The row of a series, made when it is new. */
function seriesIds(db: DatabaseSync): (key: SeriesKey) => number {
  const find = db.prepare("SELECT id FROM series WHERE inverter = ? AND profile = ? AND registers = ?");
  const add = db.prepare("INSERT INTO series (inverter, profile, registers) VALUES (?, ?, ?)");
  return ({ inverter, profile, registers }) => {
    const values = [inverter, profile, JSON.stringify(registers)] as const;
    const found = find.get(...values)?.["id"];
    return Number(found ?? add.run(...values).lastInsertRowid);
  };
}

function blocksToRemove(db: DatabaseSync) {
  const remove = db.prepare(`DELETE FROM block WHERE id = ? RETURNING count, ${BYTES}, refused IS NOT NULL AS refused`);
  const refuse = db.prepare("UPDATE block SET refused = ? WHERE id = ?");
  const oldestRefused = db.prepare("SELECT id FROM block WHERE refused IS NOT NULL ORDER BY id LIMIT 1");
  const oldest = db.prepare("SELECT id FROM block ORDER BY id LIMIT 1");
  return {
    remove(id: number): RemovedBlock | undefined {
      const row = remove.get(id);
      return row === undefined ? undefined : Removed.parse(row);
    },
    /** Sets a block aside; false when it is gone. */
    refuse: (id: number, reason: string): boolean => Number(refuse.run(reason, id).changes) > 0,
    /** The one to drop first: set aside, else the oldest. */
    first(): number | undefined {
      const row = oldestRefused.get() ?? oldest.get();
      return row === undefined ? undefined : Number(row["id"]);
    },
  };
}
