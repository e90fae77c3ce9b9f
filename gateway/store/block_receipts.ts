import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const SCHEMA = `
CREATE TABLE block_receipt (
  device INTEGER NOT NULL REFERENCES device(id),
  first INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK (last >= first),
  PRIMARY KEY (device, first)
) STRICT, WITHOUT ROWID;
`;

const RangeRow = z.object({ first: z.number(), last: z.number() });

/** Which blocks of which device are stored, for ever. Called inside `GroupCommit.run`, with the samples. */
export interface BlockReceipts {
  /** Notes a block; `false` when it was stored before. */
  claim(device: number, blockId: number): boolean;
}

/** Block ids increase, so what was received is kept as ranges without gaps: nearly always one row a device. */
export function createBlockReceipts(db: DatabaseSync): BlockReceipts {
  const below = db.prepare(
    `SELECT first, last FROM block_receipt WHERE device = ? AND first <= ? ORDER BY first DESC LIMIT 1`,
  );
  const above = db.prepare("SELECT first, last FROM block_receipt WHERE device = ? AND first = ?");
  const insert = db.prepare("INSERT INTO block_receipt(device, first, last) VALUES (?, ?, ?)");
  const extend = db.prepare("UPDATE block_receipt SET last = ? WHERE device = ? AND first = ?");
  const remove = db.prepare("DELETE FROM block_receipt WHERE device = ? AND first = ?");
  return {
    claim(device, blockId) {
      const under = parsed(below.get(device, blockId));
      if (under && under.last >= blockId) return false;
      const over = parsed(above.get(device, blockId + 1));
      if (over) remove.run(device, over.first);
      const last = over?.last ?? blockId;
      if (under?.last === blockId - 1) extend.run(last, device, under.first);
      else insert.run(device, blockId, last);
      return true;
    },
  };
}

function parsed(row: unknown): z.infer<typeof RangeRow> | undefined {
  return row === undefined ? undefined : RangeRow.parse(row);
}
