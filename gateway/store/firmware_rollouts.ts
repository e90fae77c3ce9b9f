import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { isOver, Member, Rollout } from "./port/firmware_rollout.ts";
import { BoundedMap } from "../../platform/bounded_map.ts";

export const SCHEMA = `
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

/** A rollout of firmware with its number. */
export interface StoredRollout {
  readonly id: number;
  readonly rollout: Rollout;
}

const HeadRow = z.object({ revision: z.string(), rollout: z.string() });

/** Rollouts that are kept in memory: reading a thousand devices takes milliseconds, and every check asks. */
const CACHED = 8;
const MemberRow = z.object({ member: z.string().transform((text) => Member.parse(JSON.parse(text))) });
const IdRow = z.object({ id: z.number() });

/** Rollouts of firmware, their devices in rows of their own. Writing methods are called inside `GroupCommit.run`. */
export interface FirmwareRollouts {
  /** Gives the number it gets. */
  add(rollout: Rollout): number;
  /** Writes what is not the same as `before`. */
  save(id: number, before: Rollout, rollout: Rollout): void;
  find(id: number): StoredRollout | undefined;
  running(): readonly StoredRollout[];
  /** Those that are not over and have the device, the newest first. */
  runningFor(device: string): readonly StoredRollout[];
  /** The newest first. */
  latest(limit: number): readonly StoredRollout[];
}

export function createFirmwareRollouts(db: DatabaseSync): FirmwareRollouts {
  const insert = db.prepare("INSERT INTO firmware_rollout(over, revision, rollout) VALUES (?, ?, ?)");
  const update = db.prepare("UPDATE firmware_rollout SET over = ?, revision = ?, rollout = ? WHERE id = ?");
  const put = db.prepare(`INSERT INTO firmware_member(rollout, position, device, member) VALUES (?, ?, ?, ?)
    ON CONFLICT (rollout, position) DO UPDATE SET member = excluded.member`);
  const one = db.prepare("SELECT revision, rollout FROM firmware_rollout WHERE id = ?");
  const members = db.prepare("SELECT member FROM firmware_member WHERE rollout = ? ORDER BY position");
  const running = db.prepare("SELECT id FROM firmware_rollout WHERE over = 0 ORDER BY id");
  const ofDevice = db.prepare(`SELECT r.id FROM firmware_member m JOIN firmware_rollout r ON r.id = m.rollout
    WHERE m.device = ? AND r.over = 0 ORDER BY r.id DESC`);
  const latest = db.prepare("SELECT id FROM firmware_rollout ORDER BY id DESC LIMIT ?");

  // A revision is never used twice, so a copy is right when its revision is the row's: also after a transaction was undone,
  // and when another process wrote.
  const cache = new BoundedMap<number, { readonly revision: string; readonly rollout: Rollout }>(CACHED);
  const remember = (id: number, revision: string, rollout: Rollout): StoredRollout => {
    cache.set(id, { revision, rollout });
    return { id, rollout };
  };
  const find = (id: number): StoredRollout | undefined => {
    const row = one.get(id);
    if (row === undefined) return undefined;
    const { revision, rollout: text } = HeadRow.parse(row);
    const known = cache.get(id);
    if (known?.revision === revision) return { id, rollout: known.rollout };
    const devices = members.all(id).map((row) => MemberRow.parse(row).member);
    return remember(id, revision, Rollout.parse({ ...JSON.parse(text), members: devices }));
  };
  const all = (rows: readonly unknown[]) => rows.flatMap((row) => find(IdRow.parse(row).id) ?? []);
  return {
    add(rollout) {
      const revision = crypto.randomUUID();
      const id = Number(insert.run(Number(isOver(rollout)), revision, head(rollout)).lastInsertRowid);
      for (const [i, member] of rollout.members.entries()) put.run(id, i, member.device, JSON.stringify(member));
      return id;
    },
    save(id, before, rollout) {
      if (rollout === before) return;
      const revision = crypto.randomUUID();
      update.run(Number(isOver(rollout)), revision, head(rollout), id);
      for (const [i, member] of rollout.members.entries()) {
        if (member !== before.members[i]) put.run(id, i, member.device, JSON.stringify(member));
      }
      remember(id, revision, rollout);
    },
    find,
    running: () => all(running.all()),
    runningFor: (device) => all(ofDevice.all(device)),
    latest: (limit) => all(latest.all(limit)),
  };
}

/** Everything but the devices. */
function head({ members: _, ...rollout }: Rollout): string {
  return JSON.stringify(rollout);
}
