import { setImmediate } from "node:timers";

/** How often others had their turn before the work was done. */
export async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let isDone = false;
  void work.finally(() => isDone = true);
  let turns = 0;
  for (; !isDone; turns++) await new Promise((resolve) => setImmediate(resolve));
  return turns;
}
