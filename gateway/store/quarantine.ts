import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const SCHEMA = `
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  device_id TEXT NOT NULL,
  fault TEXT NOT NULL,
  detail TEXT NOT NULL,
  content TEXT NOT NULL
) STRICT;
CREATE INDEX quarantine_of_device ON quarantine(device_id, at);
`;

const LastRow = z.object({ at: z.number().nullable() });
const QuarantineRow = z.object({
  id: z.number(),
  at: z.number(),
  device_id: z.string(),
  fault: z.string(),
  detail: z.string(),
  content: z.string(),
}).transform(({ device_id, ...row }) => ({ ...row, deviceId: device_id }));

/** An item of a verified upload that could not be decoded, as it came. */
type Quarantined = Readonly<z.infer<typeof QuarantineRow>>;

/** Keeps what could not be decoded, so that a better decoder can try again. */
export interface Quarantine {
  /** Called inside `GroupCommit.run`, with the rest of the upload. */
  keep(item: Omit<Quarantined, "id">): void;
  /** The newest first. */
  latest(limit: number): readonly Quarantined[];
  /** When an item of a device was last kept, unix milliseconds. */
  lastAt(deviceId: string): number | undefined;
}

/** Of the rows, how much one device may take: it does not push out what others sent. */
const SHARE = 1 / 10;

/** A quarantine that keeps its newest `maxRows` items, a tenth of them of one device at most. */
export function createQuarantine(db: DatabaseSync, maxRows = 10_000): Quarantine {
  const insert = db.prepare("INSERT INTO quarantine(at, device_id, fault, detail, content) VALUES (?, ?, ?, ?, ?)");
  const trim = db.prepare("DELETE FROM quarantine WHERE id <= ?");
  const trimDevice = db.prepare(`DELETE FROM quarantine WHERE id IN
    (SELECT id FROM quarantine WHERE device_id = ? ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?)`);
  const last = db.prepare("SELECT max(at) AS at FROM quarantine WHERE device_id = ?");
  const latest = db.prepare("SELECT * FROM quarantine ORDER BY id DESC LIMIT ?");
  return {
    keep({ at, deviceId, fault, detail, content }) {
      trim.run(Number(insert.run(at, deviceId, fault, detail, content).lastInsertRowid) - maxRows);
      trimDevice.run(deviceId, Math.ceil(SHARE * maxRows));
    },
    latest: (limit) => latest.all(limit).map((row) => QuarantineRow.parse(row)),
    lastAt: (deviceId) => LastRow.parse(last.get(deviceId)).at ?? undefined,
  };
}
