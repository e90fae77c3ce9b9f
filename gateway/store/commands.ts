import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Command } from "../../protocol/command/command.ts";
import type { Life, Terms } from "../../protocol/command/life.ts";
import { rankOf } from "../../protocol/command/rank.ts";
import { CommandRow, lifeColumns, type Outcome, outcomeColumns, type StoredCommand } from "./command_row.ts";
import { type CommandSteps, createCommandSteps, SCHEMA as STEPS_SCHEMA } from "./command_steps.ts";
import { type CommandWrites, createCommandWrites, SCHEMA as WRITES_SCHEMA } from "./command_writes.ts";

export const SCHEMA = `
CREATE TABLE command (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  command_id TEXT NOT NULL UNIQUE,
  device INTEGER NOT NULL REFERENCES device(id),
  inverter TEXT NOT NULL,
  content TEXT NOT NULL,
  priority INTEGER NOT NULL,
  not_before INTEGER,
  expires_at INTEGER,
  override_budget INTEGER NOT NULL,
  idempotency_key TEXT,
  fingerprint TEXT NOT NULL,
  queued_by TEXT NOT NULL,
  queued_at INTEGER NOT NULL,
  ordered_at INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at INTEGER,
  lease_until INTEGER,
  hand_outs INTEGER NOT NULL DEFAULT 0,
  last_hand_out INTEGER,
  finished_at INTEGER,
  reported INTEGER NOT NULL DEFAULT 0,
  execution_ms INTEGER,
  result TEXT,
  error_message TEXT,
  UNIQUE (device, idempotency_key)
) STRICT;
CREATE INDEX command_history ON command(device, id);
CREATE INDEX command_turn ON command(device, rank, id) WHERE state = 'pending';
CREATE INDEX command_away ON command(device, last_hand_out) WHERE state = 'executing';
CREATE INDEX command_expiry ON command(expires_at) WHERE state IN ('pending', 'executing') AND expires_at IS NOT NULL;
${STEPS_SCHEMA}${WRITES_SCHEMA}`;

interface NewCommand {
  readonly commandId: string;
  readonly device: number;
  readonly inverter: string;
  readonly content: Command;
  readonly priority: number;
  readonly terms: Terms;
  readonly overrideBudget: boolean;
  readonly idempotencyKey: string | undefined;
  readonly fingerprint: string;
  readonly queuedBy: string;
  readonly queuedAt: number;
}

/** A part of the history. */
export interface HistorySelection {
  /** Row of the device; all when left out. */
  readonly device?: number | undefined;
  readonly state?: Life["state"] | undefined;
  /** Only those that were queued before this one. */
  readonly before?: Pick<StoredCommand, "id"> | undefined;
  readonly limit: number;
}

/** All commands ever queued. Writing methods are called inside `GroupCommit.run`. */
export interface Commands {
  readonly steps: CommandSteps;
  readonly writes: CommandWrites;
  add(command: NewCommand): StoredCommand;
  find(commandId: string): StoredCommand | undefined;
  withKey(device: number, idempotencyKey: string): StoredCommand | undefined;
  /** Pending and executing ones. */
  openCount(device: number): number;
  /** Pending ones whose time has come, the next first. */
  due(device: number, now: number, limit: number): readonly StoredCommand[];
  /** Executing ones, in the order in which the device got them. */
  away(device: number): readonly StoredCommand[];
  /** When the next command that is not due at `now` will be; `Infinity`: there is none. */
  nextDueAt(device: number, now: number): number;
  /** When the next lease ends that has not ended at `now`; `Infinity`: there is none. */
  nextLeaseEnd(device: number, now: number): number;
  /** Open ones that time has ended; `device`: its own only. */
  overdue(now: number, device?: number): readonly StoredCommand[];
  /** Writes a new life, and what comes with it. */
  save(command: StoredCommand, life: Life, outcome?: Outcome): void;
  /** Counts a hand-out: the command is the one its device got last. */
  handedOut(command: StoredCommand): void;
  /** The newest first. */
  history(selection: HistorySelection): readonly StoredCommand[];
}

const SELECT = "SELECT command.*, device.device_id FROM command JOIN device ON device.id = command.device";
/** More than are ended in one go; the rest follows in the next. */
const OVERDUE_ROWS = 1_000;

export function createCommands(db: DatabaseSync): Commands {
  return {
    steps: createCommandSteps(db),
    writes: createCommandWrites(db),
    ...queueOf(db),
    ...turnsOf(db),
    ...livesOf(db),
  };
}

/** What is queued, and found again. */
function queueOf(db: DatabaseSync): Pick<Commands, "add" | "find" | "withKey" | "history"> {
  const insert = db.prepare(
    `INSERT INTO command(command_id, device, inverter, content, priority, not_before, expires_at,
    override_budget, idempotency_key, fingerprint, queued_by, queued_at, ordered_at, rank, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')`,
  );
  // A clock that was set back must not let a new command pass those that wait.
  const latest = db.prepare("SELECT max(ordered_at) AS at FROM command WHERE device = ? AND state = 'pending'");
  const byId = db.prepare(`${SELECT} WHERE command_id = ?`);
  const byKey = db.prepare(`${SELECT} WHERE device = ? AND idempotency_key = ?`);
  const page = `command.id < ?2 AND (?3 IS NULL OR state = ?3) ORDER BY command.id DESC LIMIT ?4`;
  const ofDevice = db.prepare(`${SELECT} WHERE device = ?1 AND ${page}`);
  const ofAll = db.prepare(`${SELECT} WHERE ?1 IS NULL AND ${page}`);
  const find = (commandId: string) => parsed(byId.get(commandId));
  return {
    add(command) {
      insertCommand(insert, command, Math.max(command.queuedAt, numberIn(latest.get(command.device), "at") ?? 0));
      const added = find(command.commandId);
      if (!added) throw new Error("Cannot queue a command: it is not there after it was inserted");
      return added;
    },
    find,
    withKey: (device, key) => parsed(byKey.get(device, key)),
    history({ device = null, state = null, before, limit }) {
      const statement = device === null ? ofAll : ofDevice;
      const rows = statement.all(device, before?.id ?? Number.MAX_SAFE_INTEGER, state, limit);
      return rows.map((row) => CommandRow.parse(row));
    },
  };
}

/** Whose turn it is, and when it is somebody's. */
function turnsOf(
  db: DatabaseSync,
): Pick<Commands, "openCount" | "due" | "away" | "nextDueAt" | "nextLeaseEnd" | "overdue"> {
  const openCount = db.prepare(`SELECT (SELECT count(*) FROM command WHERE device = ?1 AND state = 'pending')
    + (SELECT count(*) FROM command WHERE device = ?1 AND state = 'executing') AS count`);
  // SQLite plans a statement anew for every bound LIMIT, which takes twenty times as long as running it; not for a sum.
  const due = db.prepare(`${SELECT} WHERE device = ? AND state = 'pending' AND coalesce(not_before, 0) <= ?
    ORDER BY rank, command.id LIMIT 0 + ?`);
  const away = db.prepare(`${SELECT} WHERE device = ? AND state = 'executing' ORDER BY last_hand_out`);
  const nextDue = db.prepare(
    "SELECT min(not_before) AS at FROM command WHERE device = ? AND state = 'pending' AND not_before > ?",
  );
  const nextLease = db.prepare(
    "SELECT min(lease_until) AS at FROM command WHERE device = ? AND state = 'executing' AND lease_until > ?",
  );
  const overdue = db.prepare(`${SELECT} WHERE state IN ('pending', 'executing') AND expires_at <= ?1
    AND (?2 IS NULL OR device = ?2) LIMIT ${OVERDUE_ROWS}`);
  return {
    openCount: (device) => numberIn(openCount.get(device), "count") ?? 0,
    due: (device, now, limit) => due.all(device, now, limit).map((row) => CommandRow.parse(row)),
    away: (device) => away.all(device).map((row) => CommandRow.parse(row)),
    nextDueAt: (device, now) => numberIn(nextDue.get(device, now), "at") ?? Infinity,
    nextLeaseEnd: (device, now) => numberIn(nextLease.get(device, now), "at") ?? Infinity,
    overdue: (now, device) => overdue.all(now, device ?? null).map((row) => CommandRow.parse(row)),
  };
}

/** How a command's life goes on. */
function livesOf(db: DatabaseSync): Pick<Commands, "save" | "handedOut"> {
  const save = db.prepare(`UPDATE command SET state = ?2, started_at = ?3, lease_until = ?4, hand_outs = ?5,
    finished_at = ?6, reported = ?7, execution_ms = ?8, result = ?9, error_message = ?10 WHERE id = ?1`);
  const handedOut = db.prepare(`UPDATE command SET last_hand_out =
    (SELECT coalesce(max(last_hand_out), 0) + 1 FROM command WHERE device = ?1 AND state = 'executing') WHERE id = ?2`);
  return {
    save: ({ id }, life, outcome = {}) => void save.run(id, ...lifeColumns(life), ...outcomeColumns(outcome)),
    handedOut: ({ device, id }) => void handedOut.run(device, id),
  };
}

function insertCommand(insert: StatementSync, command: NewCommand, orderedAt: number): void {
  const { priority, terms } = command;
  const turn = { priority, queuedAt: orderedAt };
  insert.run(
    command.commandId,
    command.device,
    command.inverter,
    JSON.stringify(command.content),
    priority,
    terms.notBefore ?? null,
    terms.expiresAt ?? null,
    command.overrideBudget ? 1 : 0,
    command.idempotencyKey ?? null,
    command.fingerprint,
    command.queuedBy,
    command.queuedAt,
    orderedAt,
    rankOf(terms.notBefore === undefined ? turn : { ...turn, notBefore: terms.notBefore }),
  );
}

function parsed(row: unknown): StoredCommand | undefined {
  return row === undefined ? undefined : CommandRow.parse(row);
}

/** A number that a query gives, or that it found none. */
function numberIn(row: Record<string, unknown> | undefined, column: string): number | undefined {
  const value = row?.[column];
  return typeof value === "number" ? value : undefined;
}
