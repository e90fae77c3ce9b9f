import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { BoundedMap } from "../../platform/bounded_map.ts";
import { FIRMWARE_ROLLOUTS } from "./firmware_rollout_rows.ts";
import type { FirmwareGoal } from "./port/firmware_rollout.ts";
import { isOver, type Rollout, type StoredRollout } from "./port/rollout.ts";
import type { SettingsGoal, SettingsMark } from "./port/settings_rollout.ts";
import type { RolloutRows } from "./rollout_rows.ts";
import { SETTINGS_ROLLOUTS } from "./settings_rollout_rows.ts";

export const SCHEMA = `
CREATE TABLE settings_rollout (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  over INTEGER NOT NULL,
  rollout TEXT NOT NULL
) STRICT;
CREATE INDEX settings_rollout_running ON settings_rollout(id) WHERE over = 0;

CREATE TABLE firmware_rollout (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  over INTEGER NOT NULL,
  revision TEXT NOT NULL,
  rollout TEXT NOT NULL
) STRICT;
CREATE INDEX firmware_rollout_running ON firmware_rollout(id) WHERE over = 0;
CREATE TABLE firmware_member (
  rollout INTEGER NOT NULL REFERENCES firmware_rollout(id),
  position INTEGER NOT NULL,
  device TEXT NOT NULL,
  member TEXT NOT NULL,
  PRIMARY KEY (rollout, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX firmware_member_by_device ON firmware_member(device, rollout);
`;

/** Rollouts of one kind. Writing methods are called inside `GroupCommit.run`, with what the rollout does. */
export interface RolloutStore<Goal = unknown, Mark = unknown> {
  /** Gives the number it gets. */
  add(rollout: Rollout<Goal, Mark>): number;
  /** Writes what is not the same as `before`. */
  save(id: number, before: Rollout<Goal, Mark>, rollout: Rollout<Goal, Mark>): void;
  find(id: number): StoredRollout<Goal, Mark> | undefined;
  running(): readonly StoredRollout<Goal, Mark>[];
  /** Those that are not over and have the device, the newest first. */
  runningFor(device: string): readonly StoredRollout<Goal, Mark>[];
  /** The newest first. */
  latest(limit: number): readonly StoredRollout<Goal, Mark>[];
}

export interface RolloutStores {
  readonly firmware: RolloutStore<FirmwareGoal, never>;
  readonly settings: RolloutStore<SettingsGoal, SettingsMark>;
}

export function createRolloutStores(db: DatabaseSync): RolloutStores {
  return {
    firmware: createStore(inRowsOfDevices(db), FIRMWARE_ROLLOUTS),
    settings: createStore(inOneRow(db), SETTINGS_ROLLOUTS),
  };
}

type Statement = ReturnType<DatabaseSync["prepare"]>;

/** A revision is never used twice for another rollout. */
interface Statements {
  readonly insert: Statement;
  /** Gives the new revision. */
  readonly update: Statement;
  readonly one: Statement;
  readonly running: Statement;
  readonly ofDevice: Statement;
  readonly latest: Statement;
  /** Left out: the devices are in the head. */
  readonly members?: { readonly put: Statement; readonly of: Statement };
}

/** A thousand devices change one by one as they ask for their firmware. */
function inRowsOfDevices(db: DatabaseSync): Statements {
  const anew = "lower(hex(randomblob(16)))";
  return {
    insert: db.prepare(`INSERT INTO firmware_rollout(over, revision, rollout) VALUES (?, ${anew}, ?)`),
    update: db.prepare(
      `UPDATE firmware_rollout SET over = ?, revision = ${anew}, rollout = ? WHERE id = ? RETURNING revision`,
    ),
    one: db.prepare("SELECT revision, rollout FROM firmware_rollout WHERE id = ?"),
    running: db.prepare("SELECT id FROM firmware_rollout WHERE over = 0 ORDER BY id"),
    ofDevice: db.prepare(`SELECT r.id FROM firmware_member m JOIN firmware_rollout r ON r.id = m.rollout
      WHERE m.device = ? AND r.over = 0 ORDER BY r.id DESC`),
    latest: db.prepare("SELECT id FROM firmware_rollout ORDER BY id DESC LIMIT ?"),
    members: {
      put: db.prepare(`INSERT INTO firmware_member(rollout, position, device, member) VALUES (?, ?, ?, ?)
        ON CONFLICT (rollout, position) DO UPDATE SET member = excluded.member`),
      of: db.prepare("SELECT member FROM firmware_member WHERE rollout = ? ORDER BY position"),
    },
  };
}

/** A wave of settings changes all its devices at once; the text is its own revision. */
function inOneRow(db: DatabaseSync): Statements {
  return {
    insert: db.prepare("INSERT INTO settings_rollout(over, rollout) VALUES (?, ?)"),
    update: db.prepare(
      "UPDATE settings_rollout SET over = ?, rollout = ? WHERE id = ? RETURNING rollout AS revision",
    ),
    one: db.prepare("SELECT rollout AS revision, rollout FROM settings_rollout WHERE id = ?"),
    running: db.prepare("SELECT id FROM settings_rollout WHERE over = 0 ORDER BY id"),
    ofDevice: db.prepare(`SELECT id FROM settings_rollout WHERE over = 0 AND EXISTS
      (SELECT 1 FROM json_each(rollout, '$.members') WHERE value ->> 'device' = ?) ORDER BY id DESC`),
    latest: db.prepare("SELECT id FROM settings_rollout ORDER BY id DESC LIMIT ?"),
  };
}

const parsedText = z.string().transform((text): unknown => JSON.parse(text));
const HeadRow = z.object({ revision: z.string(), rollout: parsedText });
const MemberRow = z.object({ member: parsedText });
const RevisionRow = z.object({ revision: z.string() });
const IdRow = z.object({ id: z.number() });

/** Rollouts that are kept in memory: reading a thousand devices takes milliseconds, and every check asks. */
const CACHED = 8;

function createStore<Goal, Mark>(sql: Statements, rows: RolloutRows<Goal, Mark>): RolloutStore<Goal, Mark> {
  // A copy is right when its revision is the row's: also after a transaction was undone, and when another process wrote.
  const cache = new BoundedMap<number, { readonly revision: string; readonly rollout: Rollout<Goal, Mark> }>(CACHED);
  const find = (id: number): StoredRollout<Goal, Mark> | undefined => {
    const row = sql.one.get(id);
    if (row === undefined) return undefined;
    const known = cache.get(id);
    if (known?.revision === RevisionRow.parse(row).revision) return { id, rollout: known.rollout };
    const { revision, rollout: head } = HeadRow.parse(row);
    const members = sql.members?.of.all(id).map((row) => MemberRow.parse(row).member);
    const rollout = rows.read(members === undefined ? head : { ...Object(head), members });
    cache.set(id, { revision, rollout });
    return { id, rollout };
  };
  const textOf = (rollout: Rollout<Goal, Mark>): string => {
    const head = rows.head(rollout);
    return JSON.stringify(sql.members ? head : { ...head, members: rollout.members.map(rows.member) });
  };
  const putMembers = (id: number, before: Rollout<Goal, Mark> | undefined, { members }: Rollout<Goal, Mark>) => {
    for (const [i, member] of sql.members ? members.entries() : []) {
      if (member === before?.members[i]) continue;
      sql.members?.put.run(id, i, member.device, JSON.stringify(rows.member(member)));
    }
  };
  const all = (found: readonly unknown[]) => found.flatMap((row) => find(IdRow.parse(row).id) ?? []);
  return {
    add(rollout) {
      const id = Number(sql.insert.run(Number(isOver(rollout)), textOf(rollout)).lastInsertRowid);
      putMembers(id, undefined, rollout);
      return id;
    },
    save(id, before, rollout) {
      if (rollout === before) return;
      const { revision } = RevisionRow.parse(sql.update.get(Number(isOver(rollout)), textOf(rollout), id));
      putMembers(id, before, rollout);
      cache.set(id, { revision, rollout });
    },
    find,
    running: () => all(sql.running.all()),
    runningFor: (device) => all(sql.ofDevice.all(device)),
    latest: (limit) => all(sql.latest.all(limit)),
  };
}
