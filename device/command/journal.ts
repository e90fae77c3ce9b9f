import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { z } from "zod";
import { transaction } from "../../platform/sqlite.ts";
import { utcDay } from "../../protocol/command/budget.ts";
import { CommandReport } from "../../protocol/command/device_messages.ts";

/** Reported commands that are remembered, should a gateway restored from a backup hand them out once more. */
const KEPT = 1000;
/** Days whose writes are remembered: a clock that jumps back finds the day it comes to. */
const KEPT_DAYS = 30;

/** The tables of the journal; part of the node's database. */
export const SCHEMA = `
  CREATE TABLE command (
    number INTEGER PRIMARY KEY, -- in the order of execution
    id TEXT NOT NULL UNIQUE, -- as the gateway named it
    inverter TEXT, -- of a write, as is
    writes TEXT, -- JSON of what is written, recorded before it is
    report TEXT, -- JSON of what it came to; NULL while the inverter is being written
    acknowledged INTEGER NOT NULL DEFAULT 0 -- 1: the gateway has the report
  ) STRICT;
  CREATE INDEX command_unacknowledged ON command (number) WHERE acknowledged = 0;
  CREATE TABLE register_write (
    inverter TEXT NOT NULL,
    day INTEGER NOT NULL, -- UTC days since 1970
    address INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (inverter, day, address)
  ) STRICT, WITHOUT ROWID;
`;

/** What is in force for a time only; later than the other tables. */
export const LEASE_SCHEMA = `
  CREATE TABLE lease (
    number INTEGER PRIMARY KEY, -- in the order in which they began
    id TEXT NOT NULL UNIQUE, -- of the command
    inverter TEXT NOT NULL,
    writes TEXT NOT NULL -- JSON of what was written, with what is given back
  ) STRICT;
`;

const Writes = z.array(z.object({
  register: z.string(),
  address: z.int(),
  words: z.array(z.int()).min(1),
  /** What it held before: older records do not have it. */
  before: z.array(z.int()).min(1).optional(),
  /** By how much, raw, the inverter may round. */
  rounding: z.int().optional(),
}));

/** A write as it is remembered: enough to see later, without the profile, whether it took effect. */
export type JournalWrite = z.infer<typeof Writes>[number];

/** A write that was about to be made, or was made, when the node died. */
export interface Interrupted {
  readonly id: string;
  readonly inverter: string;
  readonly writes: readonly JournalWrite[];
}

/** What is to be written, for the record. `at`: unix milliseconds, for the day's budget. */
export interface Beginning extends Interrupted {
  readonly at: number;
  /** What is in force for a time only, with what is given back then. */
  readonly lease?: readonly JournalWrite[];
}

/**
 * What was done of what the gateway asked for. Every method is one durable transaction: a write that was recorded is never
 * made again, whoever dies when; a report is kept until the gateway has it. Throws what the disk throws.
 */
export interface CommandJournal {
  /** Whether the command was begun or finished here. A finished one will be reported once more. */
  repeat(id: string): boolean;
  /** Records a write, what is given back after its time, and that it counts in its day, before it is made. */
  begin(beginning: Beginning): void;
  /** Records what a command came to. */
  finish(report: CommandReport): void;
  /** Begun and not finished, oldest first. */
  interrupted(): readonly Interrupted[];
  /** What is in force for a time only, the oldest first. */
  leases(): readonly Interrupted[];
  /** It is not any more, or was ordered again. */
  endLease(id: string): void;
  /** The oldest report that the gateway does not have. */
  unreported(): CommandReport | undefined;
  /** The gateway has this report. */
  acknowledge(id: string): void;
  /** Commands whose reports the gateway does not have, oldest first. */
  holding(): readonly string[];
  /** Writes of a register on the UTC day of `at`. */
  writes(inverter: string, address: number, at: number): number;
}

/** The journal in the node's database. */
export function createJournal(db: DatabaseSync): CommandJournal {
  const reopen = db.prepare("UPDATE command SET acknowledged = 0 WHERE id = ?");
  const known = db.prepare("SELECT acknowledged FROM command WHERE id = ?");
  const insert = db.prepare("INSERT INTO command (id, inverter, writes) VALUES (?, ?, ?)");
  const count = db.prepare(
    "INSERT INTO register_write VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
  );
  const forgetDays = db.prepare("DELETE FROM register_write WHERE day NOT BETWEEN ? AND ?");
  const finish = db.prepare(
    "INSERT INTO command (id, report) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET report = excluded.report",
  );
  const begun = db.prepare("SELECT id, inverter, writes FROM command WHERE report IS NULL ORDER BY number");
  const oldest = db.prepare(
    "SELECT report FROM command WHERE acknowledged = 0 AND report IS NOT NULL ORDER BY number LIMIT 1",
  );
  const acknowledge = db.prepare("UPDATE command SET acknowledged = 1 WHERE id = ? AND report IS NOT NULL");
  const prune = db.prepare(
    "DELETE FROM command WHERE acknowledged = 1 AND number <= (SELECT max(number) FROM command) - ?",
  );
  const held = db.prepare("SELECT id FROM command WHERE acknowledged = 0 ORDER BY number");
  const written = db.prepare("SELECT count FROM register_write WHERE inverter = ? AND day = ? AND address = ?");
  const leases = leaseTable(db);
  return {
    repeat(id) {
      const row = known.get(id);
      if (row?.["acknowledged"] === 1) reopen.run(id);
      return row !== undefined;
    },
    begin: ({ id, inverter, writes, at, lease }) =>
      transaction(db, () => {
        const day = utcDay(at);
        insert.run(id, inverter, JSON.stringify(writes));
        for (const { address } of writes) count.run(inverter, day, address);
        if (lease) leases.add(id, inverter, lease);
        forgetDays.run(day - KEPT_DAYS, day + KEPT_DAYS);
      }),
    finish: (report) => void finish.run(report.command_id, JSON.stringify(report)),
    interrupted: () => begun.all().map(interruptedOf),
    leases: leases.all,
    endLease: leases.end,
    unreported: () => reportOf(oldest.get()),
    acknowledge: (id) =>
      transaction(db, () => {
        acknowledge.run(id);
        prune.run(KEPT);
      }),
    holding: () => held.all().map(({ id }) => String(id)),
    writes: (inverter, address, at) => Number(written.get(inverter, utcDay(at), address)?.["count"] ?? 0),
  };
}

/** Limits that hold for a time, and what ends them. */
function leaseTable(db: DatabaseSync) {
  const insert = db.prepare("INSERT INTO lease (id, inverter, writes) VALUES (?, ?, ?)");
  const all = db.prepare("SELECT id, inverter, writes FROM lease ORDER BY number");
  const remove = db.prepare("DELETE FROM lease WHERE id = ?");
  return {
    add: (id: string, inverter: string, writes: readonly JournalWrite[]) =>
      void insert.run(id, inverter, JSON.stringify(writes)),
    all: () => all.all().map(interruptedOf),
    end: (id: string) => void remove.run(id),
  };
}

type Row = Record<string, SQLOutputValue>;

function interruptedOf({ id, inverter, writes }: Row): Interrupted {
  return { id: String(id), inverter: String(inverter), writes: Writes.parse(JSON.parse(String(writes))) };
}

function reportOf(row: Row | undefined): CommandReport | undefined {
  return row && CommandReport.parse(JSON.parse(String(row["report"])));
}
