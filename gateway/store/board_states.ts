import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const SCHEMA = `
CREATE TABLE board_state (
  device INTEGER PRIMARY KEY REFERENCES device(id),
  state TEXT NOT NULL
) STRICT;
`;

const StateRow = z.object({ state: z.string() });

/** What the decoder remembers of each board, as text of its own. Read and written inside `GroupCommit.run`, with the samples it led to. */
export interface BoardStates {
  /** As it was saved; `undefined` for a board that was never heard of. */
  load(device: number): string | undefined;
  save(device: number, state: string): void;
}

export function createBoardStates(db: DatabaseSync): BoardStates {
  const load = db.prepare("SELECT state FROM board_state WHERE device = ?");
  const save = db.prepare(`INSERT INTO board_state(device, state) VALUES (?, ?)
    ON CONFLICT (device) DO UPDATE SET state = excluded.state`);
  return {
    load(device) {
      const row = load.get(device);
      return row && StateRow.parse(row).state;
    },
    save: (device, state) => void save.run(device, state),
  };
}
