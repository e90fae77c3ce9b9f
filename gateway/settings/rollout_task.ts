import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { SettingsRollouts } from "./rollouts.ts";

/** Time between two looks at the running rollouts. */
const ROUND_MS = 5_000;

/** Leads the rollouts on until `signal` aborts. Never rejects. */
export async function keepRollouts(
  { rollouts, clock, log }: {
    readonly rollouts: Pick<SettingsRollouts, "tick">;
    readonly clock: Clock;
    readonly log: Logger;
  },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await rollouts.tick();
    } catch (error) {
      log.warn("rollouts not looked at: {error}", { error });
    }
    await clock.sleep(ROUND_MS, signal);
  }
}
