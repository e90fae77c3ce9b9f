import type { Clock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";

/** How long a restart waits for a command that is being executed. Milliseconds. */
const REST_MS = 60_000;

/** Restarts when no command is being executed any more; one that takes too long is found in the journal by the next start. */
export async function restartAtRest(
  restart: () => void,
  rest: () => Promise<void>,
  clock: Pick<Clock, "sleep">,
): Promise<void> {
  await within(REST_MS, rest(), { clock });
  restart();
}
