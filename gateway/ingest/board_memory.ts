import { BoundedMap } from "../../platform/bounded_map.ts";
import { type BoardState, NEW_BOARD, parseBoardState } from "../boards/board_state.ts";
import type { BoardStates } from "../store/board_states.ts";

/** What is remembered of each board. Read and written inside the transaction of an upload. */
export interface BoardMemory {
  /** That of a new board when there is none or it cannot be read: then only continuity is lost. */
  load(device: number): BoardState;
  save(device: number, state: BoardState): void;
}

/** Boards whose state is kept at hand. */
const KEPT = 1_000;

/** States over their texts in the store, each read as long as it is the one that was written last. */
export function createBoardMemory(states: BoardStates): BoardMemory {
  const kept = new BoundedMap<number, { readonly text: string; readonly state: BoardState }>(KEPT);
  return {
    load(device) {
      const text = states.load(device);
      if (text === undefined) return NEW_BOARD;
      const known = kept.get(device);
      // A transaction that was undone, or another process, leaves another text.
      return known?.text === text ? known.state : parseBoardState(text) ?? NEW_BOARD;
    },
    save(device, state) {
      const text = JSON.stringify(state);
      states.save(device, text);
      kept.set(device, { text, state });
    },
  };
}
