import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { FirmwareRolloutDesk } from "./rollouts.ts";

/** Time between two looks at the running rollouts. */
const ROUND_MS = 10_000;

/** Leads the rollouts of firmware on until `signal` aborts. Never rejects. */
export async function keepFirmwareRollouts(
  { rollouts, clock, log }: {
    readonly rollouts: Pick<FirmwareRolloutDesk, "tick">;
    readonly clock: Clock;
    readonly log: Logger;
  },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await rollouts.tick();
    } catch (error) {
      log.warn("firmware rollouts not looked at: {error}", { error });
    }
    await clock.sleep(ROUND_MS, signal);
  }
}
