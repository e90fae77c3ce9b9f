import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import { z } from "zod";
import type { Learned, MapMemory } from "../inverter/map_memory.ts";

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

/** Table of those that they have answered once. */
export const ANSWERED_SCHEMA = `
  CREATE TABLE answered (
    inverter TEXT PRIMARY KEY,
    profile TEXT NOT NULL,
    registers TEXT NOT NULL -- JSON array of table:address
  ) STRICT, WITHOUT ROWID;
`;

const Register = z.templateLiteral([z.enum(["holding", "input", "coil", "discrete"]), ":", z.int()]);
const LeftOutRow = z.object({ register: Register, code: z.int() });
const AnsweredRow = z.object({
  registers: z.string().transform((text) => JSON.parse(text)).pipe(z.array(Register)),
});

/** What was learned of the maps of a node's inverters, over a restart. */
export interface MapMemoryStore {
  of(inverter: string): MapMemory;
}

export function createMapMemoryStore(db: DatabaseSync, log: Logger): MapMemoryStore {
  const findLeftOut = db.prepare("SELECT register, code FROM left_out WHERE inverter = ? AND profile = ?");
  const findAnswered = db.prepare("SELECT registers FROM answered WHERE inverter = ? AND profile = ?");
  const forget = db.prepare("DELETE FROM left_out WHERE inverter = ?");
  const putLeftOut = db.prepare("INSERT INTO left_out VALUES (?, ?, ?, ?)");
  const putAnswered = db.prepare("INSERT OR REPLACE INTO answered VALUES (?, ?, ?)");
  const replace = (inverter: string, profile: string, { leftOut, answered }: Learned) => {
    forget.run(inverter); // of another map, too: it is gone
    for (const [register, code] of leftOut) putLeftOut.run(inverter, profile, register, code);
    putAnswered.run(inverter, profile, JSON.stringify([...answered]));
  };
  return {
    of: (inverter) => ({
      load(profile) {
        const rows = findLeftOut.all(inverter, profile).flatMap((row) => LeftOutRow.safeParse(row).data ?? []);
        const answered = AnsweredRow.safeParse(findAnswered.get(inverter, profile)).data?.registers;
        return {
          leftOut: new Map(rows.map(({ register, code }) => [register, code])),
          answered: new Set(answered),
        };
      },
      keep(profile, learned) {
        try {
          db.exec("SAVEPOINT map_memory");
          replace(inverter, profile, learned);
          db.exec("RELEASE map_memory");
        } catch (error) {
          if (db.isTransaction) db.exec("ROLLBACK TO map_memory; RELEASE map_memory");
          log.warn("registers that {inverter} lacks not written down: {error}", { inverter, error }); // learned again
        }
      },
    }),
  };
}
