import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { type BoardState, NEW_BOARD, parseBoardState } from "../boards/board_state.ts";

export const SCHEMA = `
CREATE TABLE board_state (
  device INTEGER PRIMARY KEY REFERENCES device(id),
  state TEXT NOT NULL
) STRICT;
`;

const StateRow = z.object({ state: z.string() });

/** What the decoder remembers of each board. Read and written inside `GroupCommit.run`, with the samples it led to. */
export interface BoardStates {
  /** The state of a device; that of a new board when there is none or it cannot be read. */
  load(device: number): BoardState;
  save(device: number, state: BoardState): void;
}

export function createBoardStates(db: DatabaseSync): BoardStates {
  const load = db.prepare("SELECT state FROM board_state WHERE device = ?");
  const save = db.prepare(`INSERT INTO board_state(device, state) VALUES (?, ?)
    ON CONFLICT (device) DO UPDATE SET state = excluded.state`);
  return {
    load(device) {
      const row = load.get(device);
      return row && parseBoardState(StateRow.parse(row).state) || NEW_BOARD;
    },
    save: (device, state) => void save.run(device, JSON.stringify(state)),
  };
}
