import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { InverterState } from "../../protocol/messages/node_health.ts";
import type { WakefulnessStore } from "../acquisition/watch.ts";

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

/** Keeps in the node's database how the inverters were last seen. */
export function createWakefulnessStore(db: DatabaseSync): WakefulnessStore {
  const find = db.prepare("SELECT state, since, reason FROM wakefulness WHERE inverter = ?");
  const put = db.prepare("INSERT OR REPLACE INTO wakefulness VALUES (?, ?, ?, ?)");
  return {
    load: (inverter) => Row.safeParse(find.get(inverter)).data,
    keep: (inverter, { state, since, reason }) => void put.run(inverter, state, since, reason),
  };
}
