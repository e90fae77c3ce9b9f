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
type Range = z.infer<typeof RangeRow>;

/** Ranges of a device. One that leaves out every other number would fill the disk: of more, the oldest gap closes. */
const MOST_RANGES = 1_000;

/** Which blocks of which device are stored, for ever. Called inside `GroupCommit.run`, with the samples. */
export interface BlockReceipts {
  /** Notes a block; `false` when it was stored before. */
  claim(device: number, blockId: number): boolean;
  /** Above the number of every block that was ever stored. */
  next(device: number): number;
}

/** Block ids increase, so what was received is kept as ranges without gaps: nearly always one row a device. */
export function createBlockReceipts(db: DatabaseSync): BlockReceipts {
  const continueNewest = db.prepare(`UPDATE block_receipt SET last = ?2 WHERE device = ?1 AND last = ?2 - 1
    AND first = (SELECT max(first) FROM block_receipt WHERE device = ?1)`);
  const below = db.prepare(
    "SELECT first, last FROM block_receipt WHERE device = ? AND first <= ? ORDER BY first DESC LIMIT 1",
  );
  const above = db.prepare("SELECT first, last FROM block_receipt WHERE device = ? AND first = ?");
  const insert = db.prepare("INSERT INTO block_receipt(device, first, last) VALUES (?, ?, ?)");
  const extend = db.prepare("UPDATE block_receipt SET last = ? WHERE device = ? AND first = ?");
  const remove = db.prepare("DELETE FROM block_receipt WHERE device = ? AND first = ?");
  const highest = db.prepare("SELECT coalesce(max(last), 0) AS last FROM block_receipt WHERE device = ?");
  const oldest = db.prepare("SELECT first, last FROM block_receipt WHERE device = ? ORDER BY first LIMIT 2");
  const isSurplus = db.prepare(`SELECT 1 FROM block_receipt WHERE device = ? LIMIT 1 OFFSET ${MOST_RANGES}`);
  const closeOldestGap = (device: number) => {
    const [first, second] = oldest.all(device).map((row) => RangeRow.parse(row));
    if (first === undefined || second === undefined) return;
    remove.run(device, second.first);
    extend.run(second.last, device, first.first);
  };
  const note = (device: number, blockId: number, last: number, under: Range | undefined) => {
    if (under?.last === blockId - 1) extend.run(last, device, under.first);
    else {
      insert.run(device, blockId, last);
      if (isSurplus.get(device)) closeOldestGap(device);
    }
    return true;
  };
  return {
    claim(device, blockId) {
      if (Number(continueNewest.run(device, blockId).changes) === 1) return true; // nearly always
      const under = parsed(below.get(device, blockId));
      if (under && under.last >= blockId) return false;
      const over = parsed(above.get(device, blockId + 1));
      if (over) remove.run(device, over.first);
      return note(device, blockId, over?.last ?? blockId, under);
    },
    next: (device) => Number(highest.get(device)?.["last"]) + 1,
  };
}

function parsed(row: unknown): Range | undefined {
  return row === undefined ? undefined : RangeRow.parse(row);
}
