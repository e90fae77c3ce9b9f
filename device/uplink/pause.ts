import { backoffMs, jittered } from "../../platform/backoff.ts";

/** Bounds of the pause while the gateway does not take something. */
const PAUSE = { firstMs: 1000, longestMs: 300_000 } as const;

/** Milliseconds to pause after so many failures (1, 2 …) in a row at the gateway. `random`: in [0, 1). */
export function gatewayPauseMs(failures: number, random: number): number {
  return jittered(backoffMs(PAUSE, failures), random);
}
