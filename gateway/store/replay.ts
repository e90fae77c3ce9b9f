import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { createKeyWindows, type KeyWindows, SCHEMA as WINDOWS } from "./key_windows.ts";

export const SCHEMA = `
${WINDOWS}
CREATE TABLE board_counter (
  fingerprint INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  last INTEGER
) STRICT;
CREATE TABLE board_marks (
  fingerprint INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  marks BLOB NOT NULL CHECK (length(marks) = 1024),
  PRIMARY KEY (fingerprint, chunk, epoch)
) STRICT, WITHOUT ROWID;
`;

/** Version 2: a board repeats numbers after a reboot, so a number can have been accepted with several HMACs. */
export const SCHEMA_OF_REPEATS = `
CREATE TABLE board_repeat (
  fingerprint INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  mark BLOB NOT NULL CHECK (length(mark) = 4),
  PRIMARY KEY (fingerprint, sequence, mark)
) STRICT, WITHOUT ROWID;
`;

const CounterRow = z.object({ epoch: z.number(), last: z.number().nullable() });
const MarksRow = z.object({ epoch: z.number(), marks: z.instanceof(Uint8Array<ArrayBuffer>) });
const StateRow = z.object({ device_id: z.string(), sequence: z.number() });

/** Which sequence numbers were used. Claiming is part of the transaction of the effect: called inside `GroupCommit.run`. */
export interface Replay extends Omit<KeyWindows, "highest"> {
  /**
   * Uses a board's number with an HMAC: the first may be any, later ones lie above the highest or among the last ten, and
   * the pair was never accepted before. The state belongs to the key, so that it follows a board that is registered under
   * another name.
   */
  claimBoard(fingerprint: number, sequence: number, mac: Uint8Array): boolean;
  /** Lets a board start again from 0. Every HMAC that was accepted stays refused. */
  resetBoard(fingerprint: number): void;
  /** The highest accepted number of every device that had one, by device name. */
  highest(): ReadonlyMap<string, number>;
}

export function createReplay(db: DatabaseSync): Replay {
  const signed = createKeyWindows(db);
  const boards = db.prepare(
    `SELECT device_id, max(last) AS sequence FROM device_key JOIN device ON device = device.id
    JOIN board_counter USING (fingerprint)
    WHERE revoked_at IS NULL AND auth = 'legacy' AND last IS NOT NULL GROUP BY device_id`,
  );
  const ofBoards = () =>
    boards.all().map((row) => StateRow.parse(row)).map((row) => [row.device_id, row.sequence] as const);
  return {
    ...signed,
    ...boardCounters(db),
    highest: () => new Map([...signed.highest(), ...ofBoards()]),
  };
}

const CHUNK = 256;
const MARK_BYTES = 4;

/**
 * A board saves its number every ten uploads, so after a reboot it uses up to nine of them again (contract/1-link
 * §2.1).
 */
const REPEATABLE = 10;

/**
 * A capture comes with the sequence number that it was accepted with, so what has to be remembered of an HMAC is 32 bits
 * at the place of its number: 4 bytes an upload, in rows of 256. A mark of 0 means that the number was not used. What a
 * number is used with again, after a reboot, has a row of its own.
 */
function boardCounters(db: DatabaseSync): Pick<Replay, "claimBoard" | "resetBoard"> {
  const counter = db.prepare("SELECT epoch, last FROM board_counter WHERE fingerprint = ?");
  const save = db.prepare(`INSERT INTO board_counter(fingerprint, epoch, last) VALUES (?, ?, ?)
    ON CONFLICT (fingerprint) DO UPDATE SET last = max(coalesce(last, 0), excluded.last)`);
  const reset = db.prepare(
    "UPDATE board_counter SET epoch = epoch + 1, last = NULL WHERE fingerprint = ? AND last IS NOT NULL",
  );
  const marks = boardMarks(db);
  return {
    claimBoard(fingerprint, sequence, mac) {
      const row = counter.get(fingerprint);
      const { epoch, last } = row === undefined ? { epoch: 0, last: null } : CounterRow.parse(row);
      if (last !== null && sequence <= last - REPEATABLE) return false;
      if (!marks.claim(fingerprint, sequence, epoch, markOf(mac))) return false;
      save.run(fingerprint, epoch, sequence);
      return true;
    },
    resetBoard: (fingerprint) => void reset.run(fingerprint),
  };
}

interface BoardMarks {
  /** Remembers a pair; `false` when it was known, in whatever epoch. */
  claim(fingerprint: number, sequence: number, epoch: number, mark: Uint8Array): boolean;
}

function boardMarks(db: DatabaseSync): BoardMarks {
  const marked = db.prepare("SELECT epoch, marks FROM board_marks WHERE fingerprint = ? AND chunk = ?");
  const save = db.prepare(`INSERT INTO board_marks(fingerprint, chunk, epoch, marks) VALUES (?, ?, ?, ?)
    ON CONFLICT (fingerprint, chunk, epoch) DO UPDATE SET marks = excluded.marks`);
  const repeat = db.prepare(
    "INSERT INTO board_repeat(fingerprint, sequence, mark) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const repeated = db.prepare("SELECT 1 FROM board_repeat WHERE fingerprint = ? AND sequence = ? AND mark = ?");
  return {
    claim(fingerprint, sequence, epoch, mark) {
      const chunk = Math.floor(sequence / CHUNK);
      const offset = sequence % CHUNK * MARK_BYTES;
      const chunks = marked.all(fingerprint, chunk).map((found) => MarksRow.parse(found));
      const used = chunks.filter(({ marks }) => !isMark(marks, offset, UNUSED));
      if (used.some(({ marks }) => isMark(marks, offset, mark))) return false;
      if (used.length > 0 && repeated.get(fingerprint, sequence, mark) !== undefined) return false;
      if (used.some((found) => found.epoch === epoch)) {
        repeat.run(fingerprint, sequence, mark);
        return true;
      }
      const marks = chunks.find((found) => found.epoch === epoch)?.marks ?? new Uint8Array(CHUNK * MARK_BYTES);
      marks.set(mark, offset);
      save.run(fingerprint, chunk, epoch, marks);
      return true;
    },
  };
}

const UNUSED = new Uint8Array(MARK_BYTES);

function isMark(marks: Uint8Array, offset: number, mark: Uint8Array): boolean {
  return mark.every((byte, i) => byte === marks[offset + i]);
}

function markOf(mac: Uint8Array): Uint8Array {
  const mark = mac.slice(0, MARK_BYTES);
  if (isMark(mark, 0, UNUSED)) mark[MARK_BYTES - 1] = 1;
  return mark;
}
