import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { isOver, Member, Rollout } from "../../protocol/ota/rollout.ts";

export const SCHEMA = `
CREATE TABLE firmware_rollout (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  over INTEGER NOT NULL,
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

const HeadRow = z.object({ id: z.number(), rollout: z.string() });
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
  const insert = db.prepare("INSERT INTO firmware_rollout(over, rollout) VALUES (?, ?)");
  const update = db.prepare("UPDATE firmware_rollout SET over = ?, rollout = ? WHERE id = ?");
  const put = db.prepare(`INSERT INTO firmware_member(rollout, position, device, member) VALUES (?, ?, ?, ?)
    ON CONFLICT (rollout, position) DO UPDATE SET member = excluded.member`);
  const one = db.prepare("SELECT id, rollout FROM firmware_rollout WHERE id = ?");
  const members = db.prepare("SELECT member FROM firmware_member WHERE rollout = ? ORDER BY position");
  const running = db.prepare("SELECT id FROM firmware_rollout WHERE over = 0 ORDER BY id");
  const ofDevice = db.prepare(`SELECT r.id FROM firmware_member m JOIN firmware_rollout r ON r.id = m.rollout
    WHERE m.device = ? AND r.over = 0 ORDER BY r.id DESC`);
  const latest = db.prepare("SELECT id FROM firmware_rollout ORDER BY id DESC LIMIT ?");

  const find = (id: number): StoredRollout | undefined => {
    const row = one.get(id);
    if (row === undefined) return undefined;
    const head = JSON.parse(HeadRow.parse(row).rollout);
    return {
      id,
      rollout: Rollout.parse({ ...head, members: members.all(id).map((row) => MemberRow.parse(row).member) }),
    };
  };
  const all = (rows: readonly unknown[]) => rows.flatMap((row) => find(IdRow.parse(row).id) ?? []);
  return {
    add(rollout) {
      const id = Number(insert.run(Number(isOver(rollout)), head(rollout)).lastInsertRowid);
      for (const [i, member] of rollout.members.entries()) put.run(id, i, member.device, JSON.stringify(member));
      return id;
    },
    save(id, before, rollout) {
      if (rollout === before) return;
      if (head(before) !== head(rollout)) update.run(Number(isOver(rollout)), head(rollout), id);
      for (const [i, member] of rollout.members.entries()) {
        if (member !== before.members[i]) put.run(id, i, member.device, JSON.stringify(member));
      }
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
