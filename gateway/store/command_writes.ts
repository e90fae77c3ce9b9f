import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { DEFAULT_WRITES_PER_DAY } from "../../protocol/command/budget.ts";

export const SCHEMA = `
CREATE TABLE command_write (
  device INTEGER NOT NULL REFERENCES device(id),
  day INTEGER NOT NULL,
  inverter TEXT NOT NULL,
  address INTEGER NOT NULL,
  command INTEGER NOT NULL REFERENCES command(id),
  PRIMARY KEY (device, day, inverter, address, command)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_write_of ON command_write(command);
CREATE TABLE command_write_limit (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  writes_per_day INTEGER NOT NULL
) STRICT;
`;

const CountRow = z.object({ inverter: z.string(), address: z.number(), writes: z.number() });

/** Writes of one register on one day. */
export type RegisterWrites = Readonly<z.infer<typeof CountRow>>;

/** Which registers commands write, and on which UTC day. Written inside `GroupCommit.run`. */
export interface CommandWrites {
  add(
    command: { readonly id: number; readonly device: number; readonly inverter: string },
    address: number,
    day: number,
  ): void;
  /** A command that no device ever got writes nothing. */
  remove(command: { readonly id: number }): void;
  ofRegister(device: number, day: number, inverter: string, address: number): number;
  /** Every register with a write on that day. */
  ofDay(device: number, day: number): readonly RegisterWrites[];
  /** Writes that one register takes in a day: as configured for the gateway, also for who works beside it. */
  limit(): number;
  setLimit(writesPerDay: number): void;
}

export function createCommandWrites(db: DatabaseSync): CommandWrites {
  const insert = db.prepare(
    "INSERT INTO command_write(device, day, inverter, address, command) VALUES (?, ?, ?, ?, ?)",
  );
  const remove = db.prepare("DELETE FROM command_write WHERE command = ?");
  const count = db.prepare(`SELECT count(*) AS writes FROM command_write
    WHERE device = ? AND day = ? AND inverter = ? AND address = ?`);
  const ofDay = db.prepare(`SELECT inverter, address, count(*) AS writes FROM command_write
    WHERE device = ? AND day = ? GROUP BY inverter, address ORDER BY inverter, address`);
  const limit = db.prepare("SELECT writes_per_day FROM command_write_limit");
  const setLimit = db.prepare(`INSERT INTO command_write_limit VALUES (1, ?)
    ON CONFLICT (id) DO UPDATE SET writes_per_day = excluded.writes_per_day`);
  return {
    add: ({ id, device, inverter }, address, day) => void insert.run(device, day, inverter, address, id),
    remove: ({ id }) => void remove.run(id),
    ofRegister: (device, day, inverter, address) => Number(count.get(device, day, inverter, address)?.["writes"]),
    ofDay: (device, day) => ofDay.all(device, day).map((row) => CountRow.parse(row)),
    limit: () => Number(limit.get()?.["writes_per_day"] ?? DEFAULT_WRITES_PER_DAY),
    setLimit: (writesPerDay) => void setLimit.run(writesPerDay),
  };
}
