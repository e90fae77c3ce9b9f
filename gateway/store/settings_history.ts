import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { Parameter, ReportStatus } from "../../protocol/settings/report.ts";
import { SettingsValues, SettingsVersion } from "../../protocol/settings/settings.ts";

export const SCHEMA = `
CREATE TABLE settings_event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device INTEGER NOT NULL REFERENCES device(id),
  at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  times INTEGER NOT NULL DEFAULT 1,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  event TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX settings_event_once ON settings_event(device, version, kind, event);
CREATE INDEX settings_event_by_kind ON settings_event(device, kind, id);
`;

/** What happened to the settings of a device. */
export const SettingsEvent = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("set"),
    by: z.string().describe("Who: `token NAME`, `local`, `mqtt` or `rollout ID`"),
    from: SettingsValues,
    to: SettingsValues,
  }),
  z.object({ kind: z.literal("delivered") }),
  z.object({
    kind: z.literal("report"),
    parameter: Parameter,
    status: ReportStatus,
    of_version: SettingsVersion.optional().describe("The version that the device named"),
    value: z.union([z.number(), z.array(z.string())]).optional(),
    reason: z.string().optional(),
    reason_code: z.string().optional(),
  }),
  z.object({ kind: z.literal("outcome"), state: z.enum(["in_sync", "rejected", "reverted"]) }),
]);
export type SettingsEvent = z.infer<typeof SettingsEvent>;

const EventRow = z.object({
  id: z.number(),
  at: z.number(),
  last_at: z.number(),
  times: z.number(),
  version: z.number(),
  event: z.string().transform((text) => SettingsEvent.parse(JSON.parse(text))),
}).transform((row) => ({
  id: row.id,
  /** When it first happened, unix milliseconds. */
  at: row.at,
  /** When it last happened again, and how often in all. */
  lastAt: row.last_at,
  times: row.times,
  /** The desired version at that time. */
  version: row.version,
  event: row.event,
}));
export type RecordedEvent = Readonly<z.infer<typeof EventRow>>;

/** The history of the settings of every device. `append` is called inside `GroupCommit.run`, with the effect. */
export interface SettingsHistory {
  /** Writes an event down; one that happened before with this version is counted. */
  append(device: number, version: number, event: SettingsEvent, now: number): void;
  /** The newest first, older than `before` if given. */
  latest(device: number, options: { readonly before?: number; readonly limit: number }): readonly RecordedEvent[];
}

/** Rows of a kind that are kept of a device: a device that reports nonsense without end does not push out who set what. */
const KEPT = 2_000;

export function createSettingsHistory(db: DatabaseSync): SettingsHistory {
  const insert = db.prepare(`INSERT INTO settings_event(device, at, last_at, kind, version, event)
    VALUES (?1, ?2, ?2, ?3, ?4, ?5)
    ON CONFLICT (device, version, kind, event) DO UPDATE SET times = times + 1, last_at = excluded.last_at RETURNING times`);
  const trim = db.prepare(`DELETE FROM settings_event WHERE device = ?1 AND kind = ?2 AND id <=
    (SELECT id FROM settings_event WHERE device = ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1 OFFSET ${KEPT})`);
  const latest = db.prepare("SELECT * FROM settings_event WHERE device = ? AND id < ? ORDER BY id DESC LIMIT ?");
  return {
    append(device, version, event, now) {
      const row = insert.get(device, now, event.kind, version, JSON.stringify(event));
      if (Number(row?.["times"]) === 1) trim.run(device, event.kind);
    },
    latest: (device, { before = Number.MAX_SAFE_INTEGER, limit }) =>
      latest.all(device, before, limit).map((row) => EventRow.parse(row)),
  };
}
