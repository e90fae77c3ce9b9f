import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { isOver, Rollout } from "./port/settings_rollout.ts";

export const SCHEMA = `
CREATE TABLE settings_rollout (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  over INTEGER NOT NULL,
  rollout TEXT NOT NULL
) STRICT;
CREATE INDEX settings_rollout_running ON settings_rollout(id) WHERE over = 0;
`;

const RolloutRow = z.object({
  id: z.number(),
  rollout: z.string().transform((text) => Rollout.parse(JSON.parse(text))),
});
export type StoredRollout = Readonly<z.infer<typeof RolloutRow>>;

/** Rollouts of settings. Writing methods are called inside `GroupCommit.run`, with what the rollout sets. */
export interface Rollouts {
  /** Gives the id it gets. */
  add(rollout: Rollout): number;
  save(id: number, rollout: Rollout): void;
  find(id: number): StoredRollout | undefined;
  running(): readonly StoredRollout[];
  /** The newest first. */
  latest(limit: number): readonly StoredRollout[];
}

export function createRollouts(db: DatabaseSync): Rollouts {
  const insert = db.prepare("INSERT INTO settings_rollout(over, rollout) VALUES (?, ?)");
  const update = db.prepare("UPDATE settings_rollout SET over = ?, rollout = ? WHERE id = ?");
  const one = db.prepare("SELECT id, rollout FROM settings_rollout WHERE id = ?");
  const running = db.prepare("SELECT id, rollout FROM settings_rollout WHERE over = 0 ORDER BY id");
  const latest = db.prepare("SELECT id, rollout FROM settings_rollout ORDER BY id DESC LIMIT ?");
  return {
    add: (rollout) => Number(insert.run(Number(isOver(rollout)), JSON.stringify(rollout)).lastInsertRowid),
    save: (id, rollout) => void update.run(Number(isOver(rollout)), JSON.stringify(rollout), id),
    find(id) {
      const row = one.get(id);
      return row === undefined ? undefined : RolloutRow.parse(row);
    },
    running: () => running.all().map((row) => RolloutRow.parse(row)),
    latest: (limit) => latest.all(limit).map((row) => RolloutRow.parse(row)),
  };
}
