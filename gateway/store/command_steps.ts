import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const SCHEMA = `
CREATE TABLE command_step (
  command INTEGER NOT NULL REFERENCES command(id),
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  step TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (command, number)
) STRICT, WITHOUT ROWID;
`;

export const STEPS = ["queued", "handed_out", "completed", "failed", "expired", "cancelled", "reported_again"] as const;

const StepRow = z.object({ at: z.number(), step: z.enum(STEPS), detail: z.string() });

/** Something that happened to a command; `at` in unix milliseconds. */
export type CommandStep = Readonly<z.infer<typeof StepRow>>;

/** Steps of one command that are written down: a device that asks for ever must not fill the disk. */
const MAX_STEPS = 100;

/** What happened to each command, step by step; nothing is ever changed. Written inside `GroupCommit.run`. */
export interface CommandSteps {
  add(command: { readonly id: number }, step: CommandStep): void;
  /** In order. */
  of(command: { readonly id: number }): readonly CommandStep[];
}

export function createCommandSteps(db: DatabaseSync): CommandSteps {
  // The end is written whatever came before: the bound is on what can repeat.
  const insert = db.prepare(`INSERT INTO command_step(command, number, at, step, detail)
    SELECT ?1, count(*), ?2, ?3, ?4 FROM command_step WHERE command = ?1
    HAVING count(*) < ${MAX_STEPS} OR ?3 NOT IN ('handed_out', 'reported_again')`);
  const all = db.prepare("SELECT at, step, detail FROM command_step WHERE command = ? ORDER BY number");
  return {
    add: ({ id }, { at, step, detail }) => void insert.run(id, at, step, detail),
    of: ({ id }) => all.all(id).map((row) => StepRow.parse(row)),
  };
}
