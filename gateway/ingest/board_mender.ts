import type { Logger } from "@logtape/logtape";
import { Fault } from "../fault.ts";
import type { Device } from "../store/devices.ts";
import { type GroupCommit, MOST_WORK } from "../store/group_commit.ts";
import type { SampleReviser } from "../store/port/sample_batch.ts";
import type { BoardMemory } from "./board_memory.ts";
import { mendSlice } from "./board_mends.ts";

type Board = Pick<Device, "row" | "deviceId">;

/** What corrections are read from and written to. */
interface MendingIo {
  readonly samples: SampleReviser;
  readonly boards: BoardMemory;
}

interface BoardMenderIo extends MendingIo {
  readonly commit: Pick<GroupCommit, "run">;
  readonly log: Logger;
}

/** Corrects what boards have shown to be wrong with samples that are stored. */
export interface BoardMender {
  /** Takes up, or goes on with, what waits of a board. What is left when the gateway ends waits for its next upload. */
  wake(device: Board): void;
}

/**
 * Goes on slice by slice, the boards in turn: each slice is a transaction of its own, with how far it is, so that nothing
 * waits longer than for one, and none is lost nor made twice.
 */
export function createBoardMender({ commit, log, ...io }: BoardMenderIo): BoardMender {
  const waiting = new Map<number, Board>();
  let busy = false;
  const work = async () => {
    // A slice fills its transaction; a board that is not done comes behind the others, and is come to again.
    for (const [row, device] of waiting) {
      waiting.delete(row);
      if (await commit.run(() => mendBoard(device, io), { weight: MOST_WORK })) waiting.set(row, device);
    }
  };
  const start = async () => {
    busy = true;
    try {
      await work();
    } catch (error) {
      waiting.clear();
      // A disk that takes nothing has been told of; a gateway that stops needs no word.
      if (!(error instanceof Fault)) log.error("samples of boards not corrected: {error}", { error });
    } finally {
      busy = false;
    }
  };
  return {
    wake(device) {
      waiting.set(device.row, device);
      if (!busy) void start();
    },
  };
}

/** Corrects one slice of a board's samples, inside the transaction of the caller; whether there are more. */
export function mendBoard(device: Board, { samples, boards }: MendingIo): boolean {
  const state = boards.load(device.row);
  if (state.mends.length === 0) return false;
  const mends = mendSlice(state.mends, device, samples);
  boards.save(device.row, { ...state, mends });
  return mends.length > 0;
}
