import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { MachineStart, MachineStarts } from "../outbox/dating.ts";

/** Table of the machine's start in which the samples were taken that wait, in the node's database. */
export const SCHEMA = `
  CREATE TABLE machine_start (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    boot TEXT NOT NULL,
    started_ms INTEGER NOT NULL, -- by the clock that dated them, as corrected since
    first_block INTEGER NOT NULL
  ) STRICT;
`;

const Row = z.object({ boot: z.string(), started_ms: z.number(), first_block: z.number() })
  .transform(({ boot, started_ms: startedMs, first_block: firstBlock }): MachineStart => ({
    boot,
    startedMs,
    firstBlock,
  }));

/** Keeps it in the node's database. */
export function createMachineStarts(db: DatabaseSync): MachineStarts {
  const find = db.prepare("SELECT boot, started_ms, first_block FROM machine_start");
  const put = db.prepare("INSERT OR REPLACE INTO machine_start VALUES (1, ?, ?, ?)");
  return {
    load: () => Row.safeParse(find.get()).data,
    keep: ({ boot, startedMs, firstBlock }) => void put.run(boot, Math.round(startedMs), firstBlock),
  };
}
