import type { ExchangeOutcome } from "./line.ts";

/** What happened with one unit, or on one bus, since the start. Only ever increases. */
export interface Counters {
  /** Frames sent, retries and probes included. */
  requests: number;
  /** Answers taken, exceptions included. */
  answers: number;
  timeouts: number;
  crcErrors: number;
  exceptions: number;
  /** Whole frames or garbage that answered something else: late, of another unit, with a wrong transaction id. */
  foreignFrames: number;
  /** Milliseconds the line was taken, waiting for silence included. */
  busyMs: number;
}

/** Counters of a whole line. */
export interface BusCounters extends Counters {
  /** Times the line was opened again after it was lost. */
  reconnects: number;
  /** Times opening it failed. */
  openFailures: number;
}

/** How a unit is doing. */
export interface UnitState {
  readonly status: "unknown" | "online" | "offline";
  /** Unix ms from which the next request to an offline unit goes out. */
  readonly retryAt?: number;
  /** Why it is offline, for people. */
  readonly reason?: string;
  /** Smoothed milliseconds from request sent to answer complete. */
  readonly latencyMs?: number;
  /** Longest that an answer took which came after its time-out, ms. */
  readonly lateMs?: number;
  /** Increases whenever the unit comes back (from offline, or the line was opened again): what was learned may be stale. */
  readonly session: number;
  readonly counters: Readonly<Counters>;
}

/** All zero. */
export function zeroCounters(): Counters {
  return { requests: 0, answers: 0, timeouts: 0, crcErrors: 0, exceptions: 0, foreignFrames: 0, busyMs: 0 };
}

/** Counts one exchange that took `ms` of the line; without an outcome, the line broke. */
export function tally(counters: Counters, outcome: ExchangeOutcome | undefined, ms: number): void {
  counters.requests++;
  counters.busyMs += ms;
  if (outcome === undefined) return;
  counters.foreignFrames += outcome.foreign;
  switch (outcome.kind) {
    case "response":
      counters.answers++;
      if (outcome.response.fc === "exception") counters.exceptions++;
      return;
    case "damaged":
      counters.crcErrors++;
      return;
    case "silence":
    case "foreign":
      counters.timeouts++;
      return;
    case "sent":
      return;
  }
}
