import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { emptyTwin, Twin } from "./port/twin.ts";
import type { Device } from "./devices.ts";

export const SCHEMA = `
CREATE TABLE settings_twin (
  device INTEGER PRIMARY KEY REFERENCES device(id),
  registered_at INTEGER NOT NULL,
  twin TEXT NOT NULL
) STRICT;
`;

const TwinRow = z.object({
  registered_at: z.number(),
  twin: z.string().transform((text) => Twin.parse(JSON.parse(text))),
});

/** Desired and reported settings of every device. `save` is called inside `GroupCommit.run`. */
export interface Twins {
  /** A device that was taken off and registered again begins anew, but its versions go on. */
  load(device: Pick<Device, "row" | "createdAt">): Twin;
  save(device: Pick<Device, "row" | "createdAt">, twin: Twin): void;
}

export function createTwins(db: DatabaseSync): Twins {
  const find = db.prepare("SELECT registered_at, twin FROM settings_twin WHERE device = ?");
  const put = db.prepare(`INSERT INTO settings_twin(device, registered_at, twin) VALUES (?, ?, ?)
    ON CONFLICT (device) DO UPDATE SET registered_at = excluded.registered_at, twin = excluded.twin`);
  return {
    load({ row, createdAt }) {
      const found = find.get(row);
      if (found === undefined) return emptyTwin();
      const { registered_at, twin } = TwinRow.parse(found);
      return registered_at === createdAt ? twin : emptyTwin(twin.version);
    },
    save: ({ row, createdAt }, twin) => void put.run(row, createdAt, JSON.stringify(twin)),
  };
}
