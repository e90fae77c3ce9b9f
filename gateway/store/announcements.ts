import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const SCHEMA = `
CREATE TABLE home_assistant_announced (
  topic TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  inverter TEXT,
  entities TEXT NOT NULL,
  removed_at INTEGER
) STRICT, WITHOUT ROWID;
`;

const Platforms = z.record(z.string(), z.enum(["sensor", "binary_sensor", "number", "update"]));

const AnnouncementRow = z.object({
  topic: z.string(),
  device: z.string(),
  inverter: z.string().nullable(),
  entities: z.string().transform((text) => Platforms.parse(JSON.parse(text))),
  removed_at: z.number().nullable(),
}).transform(({ removed_at: removedAt, ...row }) => ({ ...row, removedAt }));

/** What a broker was told of a device (`inverter` null) or an inverter: without it nobody could take it back. */
export interface Announcement {
  readonly topic: string;
  readonly device: string;
  readonly inverter: string | null;
  /** Every entity that was ever announced there, with its platform. */
  readonly entities: Readonly<z.infer<typeof Platforms>>;
  /** When it was taken back, unix milliseconds. */
  readonly removedAt: number | null;
}

/** What was announced to Home Assistant. Writing methods are called inside `GroupCommit.run`. */
export interface Announcements {
  list(): readonly Announcement[];
  save(announcement: Announcement): void;
  /** Forgets what was taken back before `time`. */
  forget(time: number): void;
}

export function createAnnouncements(db: DatabaseSync): Announcements {
  const all = db.prepare("SELECT * FROM home_assistant_announced ORDER BY topic");
  const put = db.prepare(`INSERT OR REPLACE INTO home_assistant_announced(topic, device, inverter, entities, removed_at)
    VALUES (?, ?, ?, ?, ?)`);
  const forget = db.prepare("DELETE FROM home_assistant_announced WHERE removed_at < ?");
  return {
    list: () => all.all().map((row) => AnnouncementRow.parse(row)),
    save: ({ topic, device, inverter, entities, removedAt }) =>
      void put.run(topic, device, inverter, JSON.stringify(entities), removedAt),
    forget: (time) => void forget.run(time),
  };
}
