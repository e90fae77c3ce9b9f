import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const SCHEMA = `
CREATE TABLE removed_inverter (
  device TEXT NOT NULL,
  inverter TEXT NOT NULL,
  removed_at INTEGER NOT NULL,
  PRIMARY KEY (device, inverter)
) STRICT, WITHOUT ROWID;
`;

const Row = z.object({ inverter: z.string(), removed_at: z.number() });

/** Inverters that an operator took off their device. One that is heard of later is there again. */
export interface RemovedInverters {
  /** When each was removed, unix milliseconds. */
  of(device: string): ReadonlyMap<string, number>;
  /** Called inside `GroupCommit.run`. */
  remove(device: string, inverter: string, at: number): void;
}

export function createRemovedInverters(db: DatabaseSync): RemovedInverters {
  const find = db.prepare("SELECT inverter, removed_at FROM removed_inverter WHERE device = ?");
  const put = db.prepare("INSERT OR REPLACE INTO removed_inverter VALUES (?, ?, ?)");
  return {
    of: (device) =>
      new Map(
        find.all(device).map((row) => {
          const { inverter, removed_at } = Row.parse(row);
          return [inverter, removed_at];
        }),
      ),
    remove: (device, inverter, at) => void put.run(device, inverter, at),
  };
}
