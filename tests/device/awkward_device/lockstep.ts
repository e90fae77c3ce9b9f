import { setImmediate } from "node:timers";
import { isWorking, nextChange } from "../../fakes/threads.ts";

/** Turns of the event loop after which nothing is left to do. */
const TURNS = 2;

let round: Promise<void> | undefined;

/**
 * Lets everything that is ready run, of all clocks that wait for it at once: hundreds of devices that are polled side by side
 * cost as many turns of the event loop as one.
 */
export function lockstep(): Promise<void> {
  return round ??= settle().finally(() => round = undefined);
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (isWorking()) {
      turn = -1;
      await nextChange();
    }
  }
}
