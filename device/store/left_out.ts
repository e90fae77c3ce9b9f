import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import { z } from "zod";
import type { LeftOut, LeftOutMemory } from "../inverter/left_out.ts";

/** Table of the registers that inverters do not answer, in the node's database. */
export const SCHEMA = `
  CREATE TABLE left_out (
    inverter TEXT NOT NULL,
    profile TEXT NOT NULL,
    register TEXT NOT NULL, -- table:address
    code INTEGER NOT NULL, -- Modbus exception; 0: no answer
    PRIMARY KEY (inverter, profile, register)
  ) STRICT, WITHOUT ROWID;
`;

const Row = z.object({ register: z.templateLiteral([z.enum(["holding", "input"]), ":", z.int()]), code: z.int() });

/** What was learned of the maps of a node's inverters, over a restart. */
export interface LeftOutStore {
  of(inverter: string): LeftOutMemory;
}

export function createLeftOutStore(db: DatabaseSync, log: Logger): LeftOutStore {
  const find = db.prepare("SELECT register, code FROM left_out WHERE inverter = ? AND profile = ?");
  const forget = db.prepare("DELETE FROM left_out WHERE inverter = ?");
  const put = db.prepare("INSERT INTO left_out VALUES (?, ?, ?, ?)");
  const replace = (inverter: string, profile: string, leftOut: LeftOut) => {
    forget.run(inverter); // of another map, too: it is gone
    for (const [register, code] of leftOut) put.run(inverter, profile, register, code);
  };
  return {
    of: (inverter) => ({
      load(profile) {
        const rows = find.all(inverter, profile).flatMap((row) => Row.safeParse(row).data ?? []);
        return new Map(rows.map(({ register, code }) => [register, code]));
      },
      keep(profile, leftOut) {
        try {
          db.exec("SAVEPOINT left_out");
          replace(inverter, profile, leftOut);
          db.exec("RELEASE left_out");
        } catch (error) {
          if (db.isTransaction) db.exec("ROLLBACK TO left_out; RELEASE left_out");
          log.warn("registers that {inverter} lacks not written down: {error}", { inverter, error }); // learned again
        }
      },
    }),
  };
}
