import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { GroupCommit } from "./group_commit.ts";

export const SCHEMA = `
CREATE TABLE security_log (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  device_id TEXT,
  sequence INTEGER,
  reason TEXT NOT NULL,
  path TEXT NOT NULL,
  address TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE TABLE security_refusals (
  reason TEXT PRIMARY KEY,
  validations INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Version 3: refusals outlast the accepted validations around them, which boards make by the thousand. */
export const SCHEMA_OF_OLD_REFUSALS = `
CREATE TABLE security_old_refusal (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  device_id TEXT,
  sequence INTEGER,
  reason TEXT NOT NULL,
  path TEXT NOT NULL,
  address TEXT NOT NULL,
  detail TEXT
) STRICT;
`;

/**
 * What became of the validation of one device request (contract/1-link §2.3); `bad_login` is a browser's that was
 * refused.
 */
export const Reason = z.enum([
  ...["ok", "unknown_device", "bad_signature", "bad_digest", "replay", "malformed", "policy", "bad_login"] as const,
]);
export type Reason = z.infer<typeof Reason>;

/** Which validations are looked for: those with one reason, or every one that was not accepted. */
export const LogFilter = z.enum([...Reason.options, "refused"]);
export type LogFilter = z.infer<typeof LogFilter>;

/** One validation. */
export interface Validation {
  /** Unix milliseconds. */
  readonly at: number;
  /** The registered device, or the name that was claimed; left out when the request names none that could be one. */
  readonly deviceId?: string;
  readonly sequence?: number;
  readonly reason: Reason;
  readonly path: string;
  /** Where it came from, without the port. */
  readonly address: string;
  /** A text for people; public. */
  readonly detail?: string;
}

const LogRow = z.object({
  id: z.number(),
  at: z.number(),
  device_id: z.string().nullable(),
  sequence: z.number().nullable(),
  reason: Reason,
  path: z.string(),
  address: z.string(),
  detail: z.string().nullable(),
}).transform((row) => ({
  id: row.id,
  at: row.at,
  deviceId: row.device_id ?? undefined,
  sequence: row.sequence ?? undefined,
  reason: row.reason,
  path: row.path,
  address: row.address,
  detail: row.detail ?? undefined,
}));

export type LoggedValidation = Readonly<z.infer<typeof LogRow>>;

const CountRow = z.object({ reason: Reason, validations: z.number() });

/** A part of the log. */
interface LogSelection {
  /** Any of these names, registered or claimed. */
  readonly deviceIds?: readonly string[] | undefined;
  readonly filter?: LogFilter | undefined;
  /** Only those that were logged before this one. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The log of validations. */
export interface SecurityLog {
  /** Logs one that has to be on disk with what came of it: called inside `GroupCommit.run`. */
  append(validation: Validation): void;
  /**
   * Logs an accepted one whose effect is on disk already. It is kept in memory until `write`: what a crash may lose. `true`:
   * there are so many by now that they should be written.
   */
  note(validation: Validation): boolean;
  /** Whether nothing is noted that is not written. */
  isWritten(): boolean;
  /** Writes what was noted, inside `GroupCommit.run`; the caller calls what it gives when that is on disk. */
  write(): () => void;
  /** The newest validations first, with those that are not written yet. */
  latest(selection: LogSelection): readonly LoggedValidation[];
  /** Validations ever made, by reason; the bound on the log's rows does not touch it. */
  counts(): ReadonlyMap<Reason, number>;
}

/** Rows over the bound that may gather before they are deleted together. */
const SLACK = 256;

/** Noted validations that are worth a write, and those that are kept at most, while the disk takes none. */
const MANY = 256;
const MOST = 4_096;
/** Rows of one statement. */
const ROWS = 32;

/** Refusals that are kept beyond the newest rows: this part of `maxRows`. */
const OLD_REFUSALS = 1 / 4;

/**
 * A log that keeps its newest `maxRows` rows, and a quarter as many of the refusals that are older. Ids count every validation
 * ever made, so the accepted ones need no count of their own; and there is no index by device: an upload would pay for it with
 * a page write, a query reads 100,000 rows in 20 ms.
 */
export function createSecurityLog(db: DatabaseSync, maxRows = 100_000): SecurityLog {
  const insert = inserter(db);
  const count = db.prepare(`INSERT INTO security_refusals(reason, validations) VALUES (?, 1)
    ON CONFLICT (reason) DO UPDATE SET validations = validations + 1`);
  const read = reader(db, maxRows);
  const refusals = db.prepare("SELECT reason, validations FROM security_refusals ORDER BY reason");
  const newest = db.prepare("SELECT coalesce(max(id), 0) AS id FROM security_log");
  const noted: LoggedValidation[] = []; // in order of their ids, which may lie between those of rows
  const total = () => Math.max(Number(newest.get()?.["id"]), noted.at(-1)?.id ?? 0);
  let last: number | undefined; // the highest id; `undefined`: to be looked up, as a transaction may have been undone
  const trim = trimmer(db, { maxRows, keep: Number.isFinite(maxRows) ? Math.ceil(maxRows * OLD_REFUSALS) : -1 });
  return {
    append(validation) {
      const id = total() + 1;
      last = undefined;
      insert([{ id, ...complete(validation) }]);
      if (id % SLACK === 0) trim(id);
      if (validation.reason !== "ok") count.run(validation.reason);
    },
    note(validation) {
      last = (last ?? total()) + 1;
      noted.push({ id: last, ...complete(validation) });
      if (noted.length > MOST) noted.shift();
      return noted.length % MANY === 0;
    },
    isWritten: () => noted.length === 0,
    write() {
      const written = noted.at(-1)?.id ?? 0;
      insert(noted);
      trim(written);
      return () => {
        while ((noted[0]?.id ?? Infinity) <= written) noted.shift();
      };
    },
    latest(selection) {
      const rows = read(selection, total());
      const written = new Set(rows.map(({ id }) => id)); // what was noted may have been written by now
      const all = [...rows, ...noted.filter((line) => isAsked(line, selection) && !written.has(line.id))];
      return all.sort((one, other) => other.id - one.id).slice(0, selection.limit);
    },
    counts() {
      return countsOf(refusals.all().map((row) => CountRow.parse(row)), total());
    },
  };
}

/** What was not refused was accepted. */
function countsOf(refused: readonly z.infer<typeof CountRow>[], total: number): ReadonlyMap<Reason, number> {
  const ok = refused.reduce((rest, { validations }) => rest - validations, total);
  const accepted: [Reason, number][] = ok > 0 ? [["ok", ok]] : [];
  return new Map([...accepted, ...refused.map(({ reason, validations }): [Reason, number] => [reason, validations])]);
}

/** Writes what was noted. Rejects when the disk takes nothing: then it is kept for the next time. */
export async function writeNoted(
  log: Pick<SecurityLog, "write" | "isWritten">,
  commit: Pick<GroupCommit, "run">,
): Promise<void> {
  if (log.isWritten()) return;
  const done = await commit.run(() => log.write());
  done();
}

function complete({ at, deviceId, sequence, reason, path, address, detail }: Validation): Omit<LoggedValidation, "id"> {
  return { at, deviceId, sequence, reason, path, address, detail };
}

/** Reads what is written; `total`: the highest id there is. */
function reader(db: DatabaseSync, maxRows: number) {
  const latest = db.prepare(`SELECT * FROM (
      SELECT * FROM security_log WHERE id < ?2 AND (id > ?1 OR reason <> 'ok')
      UNION ALL SELECT * FROM security_old_refusal WHERE id < ?2
    ) WHERE (?3 IS NULL OR device_id IN (SELECT value FROM json_each(?3))) AND (?4 IS NULL OR reason = ?4 OR (?4 = 'refused' AND reason <> 'ok'))
    ORDER BY id DESC LIMIT ?5`);
  return (
    { deviceIds, filter, before = Number.MAX_SAFE_INTEGER, limit }: LogSelection,
    total: number,
  ): readonly LoggedValidation[] => {
    const names = deviceIds ? JSON.stringify(deviceIds) : null;
    return latest.all(total - maxRows, before, names, filter ?? null, limit).map((row) => LogRow.parse(row));
  };
}

function isAsked({ id, deviceId, reason }: LoggedValidation, { deviceIds, filter, before }: LogSelection): boolean {
  if (before !== undefined && id >= before) return false;
  if (deviceIds !== undefined && (deviceId === undefined || !deviceIds.includes(deviceId))) return false;
  return filter === undefined || reason === filter || (filter === "refused" && reason !== "ok");
}

/** Writes rows, many a statement; those that are there already are left. */
function inserter(db: DatabaseSync): (lines: readonly LoggedValidation[]) => void {
  const prepare = (rows: number) =>
    db.prepare(`INSERT OR IGNORE INTO security_log(id, at, device_id, sequence, reason, path, address, detail)
      VALUES ${Array(rows).fill("(?, ?, ?, ?, ?, ?, ?, ?)").join(", ")}`);
  const [one, many] = [prepare(1), prepare(ROWS)];
  const valuesOf = ({ id, at, deviceId, sequence, reason, path, address, detail }: LoggedValidation) =>
    [id, at, deviceId ?? null, sequence ?? null, reason, path, address, detail ?? null] as const;
  return (lines) => {
    const whole = lines.length - lines.length % ROWS;
    for (let from = 0; from < whole; from += ROWS) many.run(...lines.slice(from, from + ROWS).flatMap(valuesOf));
    for (const line of lines.slice(whole)) one.run(...valuesOf(line));
  };
}

/** Keeps the newest `maxRows` of the rows up to an id, and the newest `keep` refusals of what was ever deleted. */
function trimmer(
  db: DatabaseSync,
  { maxRows, keep }: { readonly maxRows: number; readonly keep: number },
): (newest: number) => void {
  const move = db.prepare(`INSERT OR REPLACE INTO security_old_refusal
    SELECT id, at, device_id, sequence, reason, path, address, detail FROM security_log WHERE id <= ? AND reason <> 'ok'`);
  const trim = db.prepare("DELETE FROM security_log WHERE id <= ?");
  const trimOld = db.prepare(`DELETE FROM security_old_refusal
    WHERE id <= (SELECT id FROM security_old_refusal ORDER BY id DESC LIMIT 1 OFFSET ?)`);
  return (newest) => {
    const upTo = newest - maxRows;
    if (upTo <= 0) return;
    const { changes } = move.run(upTo);
    trim.run(upTo);
    if (changes > 0) trimOld.run(keep);
  };
}
