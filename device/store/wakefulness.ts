import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { InverterState } from "../../protocol/messages/node_health.ts";

/** Table of how the inverters were last seen, in the node's database. */
export const SCHEMA = `
  CREATE TABLE wakefulness (
    inverter TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const Row = z.object({ state: InverterState, since: z.number(), reason: z.string() });
/** How an inverter was last seen. */
export type StoredWakefulness = Readonly<z.infer<typeof Row>>;

/** Keeps how the inverters are over a restart. */
export interface WakefulnessStore {
  load(inverter: string): StoredWakefulness | undefined;
  /** Throws when the disk refuses. */
  keep(inverter: string, seen: StoredWakefulness): void;
}

export function createWakefulnessStore(db: DatabaseSync): WakefulnessStore {
  const find = db.prepare("SELECT state, since, reason FROM wakefulness WHERE inverter = ?");
  const put = db.prepare("INSERT OR REPLACE INTO wakefulness VALUES (?, ?, ?, ?)");
  return {
    load: (inverter) => Row.safeParse(find.get(inverter)).data,
    keep: (inverter, { state, since, reason }) => void put.run(inverter, state, since, reason),
  };
}
