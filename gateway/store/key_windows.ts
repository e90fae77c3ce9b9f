import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { z } from "zod";
import { BoundedMap } from "../../platform/bounded_map.ts";
import { HIGHEST_SEQUENCE } from "../../protocol/sequence_number.ts";
import { ReservedWindow } from "./reserved_window.ts";
import { emptyWindow, type SequenceWindow, WINDOW } from "./sequence_window.ts";

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

/** Which numbers of `signed` devices were used, key by key. One gateway at a time has them. */
export interface KeyWindows {
  /**
   * Uses a number under a key, inside a transaction: `undefined` when it was used before, on any path, or lies below the window.
   * What it gives has to be called at once when what the transaction did is taken back.
   */
  claim(device: number, key: number, sequence: number): (() => void) | undefined;
  /** The number from which the device can go on under that key; `undefined`: it needs another key. */
  next(device: number, key: number): number | undefined;
  /** The highest number that was accepted of each `signed` device, under its latest key that had one, by device name. */
  highest(): readonly (readonly [string, number])[];
  /** Whether `settle` would write nothing. */
  isSettled(): boolean;
  /** Writes what was used, inside a transaction: numbers that were reserved and not used are free after a stop. */
  settle(): void;
}

/** All numbers below the highest count as used. */
const ALL_USED = new Uint8Array(WINDOW / 8).fill(255);

/** Devices whose numbers are held; those of others are read again. */
const HELD = 10_000;

/** The windows of one device. */
interface DeviceWindows {
  /** Of the keys up to `lastShared`; the numbers of later ones go into it as well. */
  readonly shared: ReservedWindow;
  readonly lastShared: number;
  readonly own: Map<number, ReservedWindow>;
}

export function createKeyWindows(db: DatabaseSync): KeyWindows {
  const rows = windowRows(db);
  const held = new BoundedMap<number, DeviceWindows>(HELD, (device, windows) => settleOne(device, windows));

  const windowsOf = (device: number, key: number): DeviceWindows => {
    let windows = held.get(device);
    if (windows === undefined) {
      const stored = rows.shared(device);
      windows = { shared: new ReservedWindow(stored ?? emptyWindow()), lastShared: stored?.key ?? key, own: new Map() };
      held.set(device, windows);
    }
    return windows;
  };
  const windowOf = (device: number, key: number, { shared, lastShared, own }: DeviceWindows): ReservedWindow => {
    if (key <= lastShared) return shared;
    const window = own.get(key) ?? new ReservedWindow(rows.own(device, key) ?? emptyWindow());
    own.set(key, window);
    return window;
  };
  const writeShared = (device: number, { shared, lastShared }: DeviceWindows) => {
    const highest = shared.reserve();
    if (highest !== undefined) rows.saveShared(device, { highest, used: ALL_USED, key: lastShared });
  };
  const settleOne = (device: number, { shared, lastShared, own }: DeviceWindows) => {
    if (shared.isAhead) rows.saveShared(device, { ...shared.settle(), key: lastShared });
    for (const [key, window] of own) if (window.isAhead) rows.saveOwn(device, key, window.settle());
  };
  return {
    claim(device, key, sequence) {
      const windows = windowsOf(device, key);
      const window = windowOf(device, key, windows);
      if (!window.claim(sequence)) return undefined;
      if (window === windows.shared) {
        writeShared(device, windows);
        return () => window.undo(sequence);
      }
      const highest = window.reserve();
      if (highest !== undefined) rows.saveOwn(device, key, { highest, used: ALL_USED });
      const isShared = windows.shared.claim(sequence);
      writeShared(device, windows);
      return () => {
        window.undo(sequence);
        windows.shared.undo(isShared ? sequence : undefined);
      };
    },
    next(device, key) {
      const { highest } = windowOf(device, key, windowsOf(device, key));
      return highest < HIGHEST_SEQUENCE ? highest + 1 : undefined;
    },
    highest: () =>
      rows.highest().map(({ device, name, key, highest }) => {
        const windows = held.get(device);
        const window = key === undefined ? windows?.shared : windows?.own.get(key);
        return [name, window?.highest ?? highest] as const;
      }),
    isSettled: () => [...held].every(([, windows]) => isSettled(windows)),
    settle() {
      for (const [device, windows] of held) settleOne(device, windows);
    },
  };
}

function isSettled({ shared, own }: DeviceWindows): boolean {
  return !shared.isAhead && [...own.values()].every((window) => !window.isAhead);
}

/** The windows as they are on disk. */
function windowRows(db: DatabaseSync) {
  const shared = db.prepare("SELECT highest, used, key_number FROM sequence_window WHERE device = ?");
  const saveShared = db.prepare(`INSERT INTO sequence_window(device, highest, used, key_number) VALUES (?, ?, ?, ?)
    ON CONFLICT (device) DO UPDATE SET highest = excluded.highest, used = excluded.used`);
  const own = db.prepare("SELECT highest, used FROM key_window WHERE device = ? AND key_number = ?");
  const highest = db.prepare(`SELECT shared.device AS device, device_id, own.key_number AS key,
      coalesce(own.highest, shared.highest) AS highest
    FROM sequence_window AS shared JOIN device ON shared.device = device.id
    LEFT JOIN key_window AS own ON own.device = shared.device AND own.key_number =
      (SELECT max(key_number) FROM key_window WHERE device = shared.device)
    WHERE removed_at IS NULL`);
  const saveOwn = db.prepare(`INSERT INTO key_window VALUES (?, ?, ?, ?)
    ON CONFLICT (device, key_number) DO UPDATE SET highest = excluded.highest, used = excluded.used`);
  return {
    shared(device: number) {
      const row = shared.get(device);
      return row && { ...windowOf(row), key: numberOf(row["key_number"]) };
    },
    saveShared: (device: number, { highest, used, key }: SequenceWindow & { readonly key: number }) =>
      void saveShared.run(device, highest, used, key),
    own(device: number, key: number) {
      const row = own.get(device, key);
      return row && windowOf(row);
    },
    saveOwn: (device: number, key: number, { highest, used }: SequenceWindow) =>
      void saveOwn.run(device, key, highest, used),
    /** Of each device, under its latest key that has a window of its own, or the shared one. */
    highest: () => highest.all().map((row) => Highest.parse(row)),
  };
}

function windowOf({ highest, used }: Record<string, SQLOutputValue>): SequenceWindow {
  if (used instanceof Uint8Array) return { highest: numberOf(highest), used };
  throw new Error("Cannot read a sequence window: it is not what was written");
}

function numberOf(value: SQLOutputValue | undefined): number {
  if (typeof value === "number") return value;
  throw new Error("Cannot read a sequence window: it is not what was written");
}

const Highest = z.object({
  device: z.number(),
  device_id: z.string(),
  key: z.number().nullable(),
  highest: z.number(),
}).transform(({ device, device_id: name, key, highest }) => ({ device, name, key: key ?? undefined, highest }));

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
