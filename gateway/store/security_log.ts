import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

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

/** The log of validations. `append` is called inside `GroupCommit.run`, with the effect. */
export interface SecurityLog {
  append(validation: Validation): void;
  /** The newest validations first. */
  latest(selection: LogSelection): readonly LoggedValidation[];
  /** Validations ever made, by reason; the bound on the log's rows does not touch it. */
  counts(): ReadonlyMap<Reason, number>;
}

/** Rows over the bound that may gather before they are deleted together. */
const SLACK = 256;

/** Refusals that are kept beyond the newest rows: this part of `maxRows`. */
const OLD_REFUSALS = 1 / 4;

/**
 * A log that keeps its newest `maxRows` rows, and a quarter as many of the refusals that are older. Ids count every validation
 * ever made, so the accepted ones need no count of their own; and there is no index by device: an upload would pay for it with
 * a page write, a query reads 100,000 rows in 20 ms.
 */
export function createSecurityLog(db: DatabaseSync, maxRows = 100_000): SecurityLog {
  const insert = db.prepare(`INSERT INTO security_log(at, device_id, sequence, reason, path, address, detail)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const count = db.prepare(`INSERT INTO security_refusals(reason, validations) VALUES (?, 1)
    ON CONFLICT (reason) DO UPDATE SET validations = validations + 1`);
  const latest = db.prepare(`SELECT * FROM (
      SELECT * FROM security_log WHERE id < ?2 AND (id > ?1 OR reason <> 'ok')
      UNION ALL SELECT * FROM security_old_refusal WHERE id < ?2
    ) WHERE (?3 IS NULL OR device_id IN (SELECT value FROM json_each(?3))) AND (?4 IS NULL OR reason = ?4 OR (?4 = 'refused' AND reason <> 'ok'))
    ORDER BY id DESC LIMIT ?5`);
  const refusals = db.prepare("SELECT reason, validations FROM security_refusals ORDER BY reason");
  const newest = db.prepare("SELECT coalesce(max(id), 0) AS id FROM security_log");
  const total = () => Number(newest.get()?.["id"]);
  const trim = trimmer(db, Number.isFinite(maxRows) ? Math.ceil(maxRows * OLD_REFUSALS) : -1);
  return {
    append({ at, deviceId, sequence, reason, path, address, detail }) {
      const inserted = insert.run(at, deviceId ?? null, sequence ?? null, reason, path, address, detail ?? null);
      const id = Number(inserted.lastInsertRowid);
      if (id % SLACK === 0 && id > maxRows) trim(id - maxRows);
      if (reason !== "ok") count.run(reason);
    },
    latest({ deviceIds, filter, before = Number.MAX_SAFE_INTEGER, limit }) {
      const rows = latest.all(
        total() - maxRows,
        before,
        deviceIds ? JSON.stringify(deviceIds) : null,
        filter ?? null,
        limit,
      );
      return rows.map((row) => LogRow.parse(row));
    },
    counts() {
      const refused = refusals.all().map((row) => CountRow.parse(row));
      const ok = refused.reduce((rest, { validations }) => rest - validations, total());
      const accepted: [Reason, number][] = ok > 0 ? [["ok", ok]] : [];
      return new Map([
        ...accepted,
        ...refused.map(({ reason, validations }): [Reason, number] => [reason, validations]),
      ]);
    },
  };
}

/** Deletes the rows up to an id, and keeps the newest `keep` refusals of what was ever deleted. */
function trimmer(db: DatabaseSync, keep: number): (upTo: number) => void {
  const move = db.prepare(`INSERT OR REPLACE INTO security_old_refusal
    SELECT id, at, device_id, sequence, reason, path, address, detail FROM security_log WHERE id <= ? AND reason <> 'ok'`);
  const trim = db.prepare("DELETE FROM security_log WHERE id <= ?");
  const trimOld = db.prepare(`DELETE FROM security_old_refusal
    WHERE id <= (SELECT id FROM security_old_refusal ORDER BY id DESC LIMIT 1 OFFSET ?)`);
  return (upTo) => {
    const { changes } = move.run(upTo);
    trim.run(upTo);
    if (changes > 0) trimOld.run(keep);
  };
}
