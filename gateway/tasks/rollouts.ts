import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";

/** Time between two looks at the running rollouts. */
const ROUND_MS = 5_000;

/** Rollouts of one kind (settings, firmware) that can be led on a step. */
interface LedRollouts {
  tick(): Promise<void>;
}

/** Leads the rollouts on until `signal` aborts. Never rejects. */
export async function keepRollouts(
  { rollouts, clock, log }: { readonly rollouts: LedRollouts; readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const trouble = new RateLimitedLog(log, clock);
  while (!signal.aborted) {
    try {
      await rollouts.tick();
      trouble.ended("rollouts are looked at again");
    } catch (error) {
      trouble.happened("rollouts not looked at: {error}", { error });
    }
    await clock.sleep(ROUND_MS, signal);
  }
}
