import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Device } from "./devices.ts";

export const SCHEMA = `
CREATE TABLE firmware_session (
  device INTEGER PRIMARY KEY REFERENCES device(id),
  registered_at INTEGER NOT NULL,
  current_version TEXT NOT NULL,
  checked_at INTEGER NOT NULL,
  rollout INTEGER,
  version TEXT,
  state TEXT NOT NULL,
  received BLOB NOT NULL,
  total_chunks INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  reason TEXT
) STRICT;
CREATE TABLE firmware_event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device INTEGER NOT NULL REFERENCES device(id),
  at INTEGER NOT NULL,
  version TEXT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE INDEX firmware_event_by_device ON firmware_event(device, id);
`;

/** Events that are kept of one device. */
const EVENTS_KEPT = 1_000;

/** Where a device is on its way to a firmware; `none`: nothing was ever offered. */
export const SessionState = z.enum([
  "none",
  "offered",
  "downloading",
  "downloaded",
  "verified",
  "confirmed",
  "rolled_back",
  "failed",
]);
export type SessionState = z.infer<typeof SessionState>;

const SessionRow = z.object({
  current_version: z.string(),
  checked_at: z.number(),
  rollout: z.number().nullable(),
  version: z.string().nullable(),
  state: SessionState,
  /** A bit for each chunk that was fetched. */
  received: z.instanceof(Uint8Array),
  total_chunks: z.number(),
  changed_at: z.number(),
  reason: z.string().nullable(),
});
export type Session = Readonly<z.infer<typeof SessionRow>>;

const EventRow = z.object({ at: z.number(), version: z.string(), kind: z.string(), detail: z.string().nullable() });
/** What happened on the way, with the moment (unix milliseconds) and the reason. */
export type FirmwareEvent = Readonly<z.infer<typeof EventRow>>;

type Owner = Pick<Device, "row" | "createdAt">;

/** The updates of devices. Writing methods are called inside `GroupCommit.run`. A device that is registered again has none. */
export interface FirmwareSessions {
  find(device: Owner): Session | undefined;
  save(device: Owner, session: Session): void;
  note(device: Owner, event: FirmwareEvent): void;
  /** The newest first. */
  events(device: Owner, limit: number): readonly FirmwareEvent[];
}

export function createFirmwareSessions(db: DatabaseSync): FirmwareSessions {
  const one = db.prepare("SELECT * FROM firmware_session WHERE device = ? AND registered_at = ?");
  const put = db.prepare(
    `INSERT OR REPLACE INTO firmware_session(device, registered_at, current_version, checked_at, rollout,
    version, state, received, total_chunks, changed_at, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const append = db.prepare("INSERT INTO firmware_event(device, at, version, kind, detail) VALUES (?, ?, ?, ?, ?)");
  const trim = db.prepare(`DELETE FROM firmware_event WHERE device = ?1 AND id <= (SELECT id FROM firmware_event
    WHERE device = ?1 ORDER BY id DESC LIMIT 1 OFFSET ${EVENTS_KEPT})`);
  const events = db.prepare(`SELECT at, version, kind, detail FROM firmware_event WHERE device = ? AND at >= ?
    ORDER BY id DESC LIMIT ?`);
  return {
    find({ row, createdAt }) {
      const found = one.get(row, createdAt);
      return found === undefined ? undefined : SessionRow.parse(found);
    },
    save({ row, createdAt }, s) {
      const { current_version, checked_at, rollout, version, state, received, total_chunks, changed_at, reason } = s;
      put.run(
        row,
        createdAt,
        current_version,
        checked_at,
        rollout,
        version,
        state,
        received,
        total_chunks,
        changed_at,
        reason,
      );
    },
    note({ row }, { at, version, kind, detail }) {
      append.run(row, at, version, kind, detail);
      trim.run(row);
    },
    events: ({ row, createdAt }, limit) => events.all(row, createdAt, limit).map((row) => EventRow.parse(row)),
  };
}
