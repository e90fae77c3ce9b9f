import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { Devices } from "../store/devices.ts";
import type { DeviceStates } from "../state/device_states.ts";

/** Time between two looks at how the devices are doing. */
const ROUND_MS = 15_000;
/** Rounds between two times that contacts are written down: a minute. */
const KEEP_ROUNDS = 4;
/** Devices that are looked at before others get their turn. */
const BATCH = 50;

interface ReviewIo {
  readonly states: Pick<DeviceStates, "review" | "keepContacts">;
  readonly devices: Pick<Devices, "list">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Looks how the devices are doing until `signal` aborts. Never rejects. */
export async function keepReview(io: ReviewIo, signal: AbortSignal): Promise<void> {
  const { clock } = io;
  const trouble = new RateLimitedLog(io.log, clock);
  for (let round = 0; !signal.aborted; round++) {
    try {
      await review(io, round % KEEP_ROUNDS === 0, signal);
      trouble.ended("states of devices are looked at again");
    } catch (error) {
      trouble.happened("states of devices not looked at: {error}", { error });
    }
    await clock.sleep(ROUND_MS, signal);
  }
}

async function review({ states, devices, clock }: ReviewIo, keep: boolean, signal: AbortSignal): Promise<void> {
  const all = devices.list();
  for (let start = 0; start < all.length && !signal.aborted; start += BATCH) {
    if (start > 0) await clock.sleep(1, signal);
    await states.review(all.slice(start, start + BATCH));
  }
  if (keep) await states.keepContacts(all);
}
