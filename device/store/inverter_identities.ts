import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { InverterIdentities } from "../equipment/former_names.ts";

/** Table of which inverter a name stood for last, in the node's database. */
export const SCHEMA = `
  CREATE TABLE inverter_identity (
    inverter TEXT PRIMARY KEY,
    identity TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const Row = z.object({ inverter: z.string(), identity: z.string() });

/** Keeps it over a restart. */
export function createInverterIdentities(db: DatabaseSync): InverterIdentities {
  const all = db.prepare("SELECT inverter, identity FROM inverter_identity ORDER BY inverter");
  const put = db.prepare("INSERT OR REPLACE INTO inverter_identity VALUES (?, ?)");
  return {
    load: () =>
      new Map(
        all.all().map((row) => {
          const { inverter, identity } = Row.parse(row);
          return [inverter, identity];
        }),
      ),
    keep: (inverter, identity) => void put.run(inverter, identity),
  };
}
