import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { z } from "zod";
import { HIGHEST_SEQUENCE } from "../../protocol/sequence_number.ts";
import { claimSequence, emptyWindow, type SequenceWindow, WINDOW } from "./sequence_window.ts";

/** Version 1: one window for all keys of a device. */
export const SCHEMA = `
CREATE TABLE sequence_window (
  device INTEGER PRIMARY KEY REFERENCES device(id),
  highest INTEGER NOT NULL,
  used BLOB NOT NULL CHECK (length(used) = 128)
) STRICT;
`;

/**
 * The window of version 1 is that of the keys up to key_number. A key after that has one of its own, and its numbers go into
 * the older one as well: an older program, after a rollback, has to know them.
 */
export const SCHEMA_OF_LATER_KEYS = `
ALTER TABLE sequence_window ADD COLUMN key_number INTEGER NOT NULL DEFAULT 1;
UPDATE sequence_window SET highest = min(highest, ${Number.MAX_SAFE_INTEGER}),
  key_number = coalesce((SELECT max(number) FROM device_key WHERE device_key.device = sequence_window.device), 1);
CREATE TABLE key_window (
  device INTEGER NOT NULL REFERENCES device(id),
  key_number INTEGER NOT NULL,
  highest INTEGER NOT NULL,
  used BLOB NOT NULL CHECK (length(used) = 128),
  PRIMARY KEY (device, key_number)
) STRICT, WITHOUT ROWID;
`;

/** Which numbers of `signed` devices were used, key by key. */
export interface KeyWindows {
  /** Uses a number under a key; `false` when it was used before, on any path, or lies below the window. */
  claim(device: number, key: number, sequence: number): boolean;
  /** The number from which the device can go on under that key; `undefined`: it needs another key. */
  next(device: number, key: number): number | undefined;
}

/** All numbers below the highest count as used. */
const ALL_USED = new Uint8Array(WINDOW / 8).fill(255);

interface DeviceWindow extends SequenceWindow {
  /** The last of the keys that it is for. */
  readonly key: number;
  readonly stored: boolean;
}

export function createKeyWindows(db: DatabaseSync): KeyWindows {
  const shared = db.prepare("SELECT highest, used, key_number FROM sequence_window WHERE device = ?");
  const addShared = db.prepare("INSERT INTO sequence_window(device, highest, used, key_number) VALUES (?, ?, ?, ?)");
  const saveShared = db.prepare("UPDATE sequence_window SET highest = ?, used = ? WHERE device = ?");
  const own = db.prepare("SELECT highest, used FROM key_window WHERE device = ? AND key_number = ?");
  const saveOwn = db.prepare(`INSERT INTO key_window VALUES (?, ?, ?, ?)
    ON CONFLICT (device, key_number) DO UPDATE SET highest = excluded.highest, used = excluded.used`);

  const loadShared = (device: number, key: number): DeviceWindow => {
    const row = shared.get(device);
    if (row === undefined) return { ...emptyWindow(), key, stored: false };
    return { ...windowOf(row), key: numberOf(row["key_number"]), stored: true };
  };
  const loadOwn = (device: number, key: number) => {
    const row = own.get(device, key);
    return row === undefined ? emptyWindow() : windowOf(row);
  };
  const claimShared = (device: number, window: DeviceWindow, sequence: number) => {
    const next = claimSequence(window, sequence);
    if (next === undefined) return false;
    if (window.stored) saveShared.run(next.highest, next.used, device);
    else addShared.run(device, next.highest, next.used, window.key);
    return true;
  };
  return {
    claim(device, key, sequence) {
      const window = loadShared(device, key);
      if (key <= window.key) return claimShared(device, window, sequence);
      const next = claimSequence(loadOwn(device, key), sequence);
      if (next === undefined) return false;
      saveOwn.run(device, key, next.highest, next.used);
      claimShared(device, window, sequence);
      return true;
    },
    next(device, key) {
      const window = loadShared(device, key);
      const { highest } = key <= window.key ? window : loadOwn(device, key);
      return highest < HIGHEST_SEQUENCE ? highest + 1 : undefined;
    },
  };
}

/** Every upload reads one: without zod, at a tenth of its time. */
function windowOf({ highest, used }: Record<string, SQLOutputValue>): SequenceWindow {
  if (used instanceof Uint8Array) return { highest: numberOf(highest), used };
  throw new Error("Cannot read a sequence window: it is not what was written");
}

function numberOf(value: SQLOutputValue | undefined): number {
  if (typeof value === "number") return value;
  throw new Error("Cannot read a sequence window: it is not what was written");
}

const Highest = z.object({ device_id: z.string(), sequence: z.number() });

/** The highest number that was accepted of each `signed` device, under its latest key that had one, by device name. */
export function highestNumbers(db: DatabaseSync): () => readonly (readonly [string, number])[] {
  const rows = db.prepare(
    `SELECT device_id, coalesce((SELECT own.highest FROM key_window AS own WHERE own.device = shared.device
      ORDER BY own.key_number DESC LIMIT 1), shared.highest) AS sequence
    FROM sequence_window AS shared JOIN device ON shared.device = device.id WHERE removed_at IS NULL`,
  );
  return () => rows.all().map((row) => Highest.parse(row)).map((row) => [row.device_id, row.sequence] as const);
}

/** No device uses so many numbers between a backup and its loss. */
const LEAP = 2 ** 32;

/**
 * After a restore: which numbers were used since the backup is not known, so all that can have been count as used. A `signed`
 * device is told the next one when it is refused, and goes on; with no number left it needs a new key.
 */
export function leapAfterRestore(db: DatabaseSync): void {
  const leapt = `highest = min(highest + ${LEAP}, max(highest, ${HIGHEST_SEQUENCE})), used = excluded.used`;
  db.prepare(
    `INSERT INTO sequence_window(device, highest, used, key_number)
    SELECT id, ${LEAP}, ?, coalesce((SELECT max(number) FROM device_key WHERE device = id), 1) FROM device
    WHERE auth = 'signed' ON CONFLICT (device) DO UPDATE SET ${leapt}`,
  ).run(ALL_USED);
  db.prepare(
    `INSERT INTO key_window SELECT device_key.device, number, ${LEAP}, ? FROM device_key
    JOIN sequence_window AS shared ON shared.device = device_key.device WHERE number > shared.key_number
    ON CONFLICT (device, key_number) DO UPDATE SET ${leapt}`,
  ).run(ALL_USED);
}
