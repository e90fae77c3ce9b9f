import type { Clock } from "../../platform/clock.ts";
import type { Poll } from "./poll.ts";

/** Who is asked. Polls never reject. */
interface Asked {
  poll(signal: AbortSignal): Promise<Poll>;
}

/** Until when, and by which clock. */
interface Patience {
  /** Monotonic ms after which no further try begins. */
  readonly end: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What is left for another try, at least, and the pause before the first one, milliseconds. */
const TRY_MS = 250, PAUSE_MS = 500;
/** Milliseconds in which a device that answers, but gives nothing, may still come round: it starts, or works on something. */
const ONCE_MS = 10_000;
/** A device that refuses everything as if it had nothing is asked so often in all: it may have been starting. */
const LOOKS = 3;

/** Asks until there is something to store, as long as there is time for another try. */
export async function pollUntil(inverter: Asked, { end, clock, signal }: Patience): Promise<Poll> {
  return await pollWhile(inverter, { end, clock, signal }, pauseAfter);
}

/** Asks for people, who ask once: what answers, but gives nothing yet, is asked again for some seconds. */
export async function pollOnce(inverter: Asked, { clock, signal }: Omit<Patience, "end">): Promise<Poll> {
  const end = clock.monotonic() + ONCE_MS;
  return await pollWhile(inverter, { end, clock, signal }, (poll, tries, now) => {
    if (poll.kind === "nothing" && poll.fault.kind === "not_sunspec") return tries < LOOKS ? pauseOf(tries) : undefined;
    return answers(poll) ? pauseAfter(poll, tries, now) : undefined;
  });
}

async function pollWhile(
  inverter: Asked,
  { end, clock, signal }: Patience,
  pauseAfter: (poll: Poll, tries: number, now: number) => number | undefined,
): Promise<Poll> {
  for (let tries = 1;; tries++) {
    const poll = await inverter.poll(signal);
    const pauseMs = pauseAfter(poll, tries, clock.now());
    if (pauseMs === undefined || clock.monotonic() + pauseMs + TRY_MS > end) return poll;
    await clock.sleep(pauseMs, signal);
    if (signal.aborted) return poll;
  }
}

/** Whether a poll without values showed that somebody is there. */
function answers({ fault }: Poll): boolean {
  switch (fault?.kind) {
    case "exception":
    case "foreign":
    case "map_changed":
      return true;
    case "offline":
      return fault.code !== undefined; // a gateway answers
    case "line":
      return fault.broke === true; // what came was not understood at first
    default:
      return false;
  }
}

/** Milliseconds until the inverter may be asked again which did not answer; `undefined`: it would say the same. */
function pauseAfter({ kind, fault }: Poll, tries: number, now: number): number | undefined {
  if (kind === "read") return undefined;
  switch (fault.kind) {
    case "offline":
    case "line":
      return Math.max(pauseOf(tries), fault.retryAt - now);
    case "timeout":
    case "crc":
    case "foreign":
    case "exception":
    case "map_changed":
      return pauseOf(tries);
    case "refused":
    case "aborted":
    case "not_sunspec":
    case "misfit":
    case "registers":
    case "no_values":
      return undefined;
    default:
      return fault satisfies never;
  }
}

function pauseOf(tries: number): number {
  return PAUSE_MS * 2 ** (tries - 1);
}
