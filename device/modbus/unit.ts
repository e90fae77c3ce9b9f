import { type Counters, type UnitState, zeroCounters } from "./counters.ts";

/** When a unit that does not answer is asked again. */
export interface BackoffOptions {
  /** Milliseconds added to the pause with each failure; default 2,000. */
  readonly stepMs: number;
  /** Longest pause, ms; default 300,000. */
  readonly maxMs: number;
  /** Largest part of the time of a line with other units that a dead one may take; default 0.05. */
  readonly share: number;
}

/** The field's values (reference: OpenEMS), and at most one twentieth of the line. */
export const DEFAULT_BACKOFF: BackoffOptions = { stepMs: 2000, maxMs: 300_000, share: 0.05 };

/**
 * Milliseconds until a dead unit is asked again: a step longer after each failure up to the longest, and, where others
 * wait for the line, long enough that what the failure cost is at most its share.
 */
export function pauseAfter(failures: number, costMs: number, shared: boolean, options: BackoffOptions): number {
  const stepped = Math.min(options.stepMs * failures, options.maxMs);
  return shared ? Math.max(stepped, costMs * (1 / options.share - 1)) : stepped;
}

/** What a bus knows of one unit. */
export class Unit {
  readonly counters: Counters = zeroCounters();
  /** Attempts without an answer since the last answer or pause. */
  silences = 0;
  #session = 1;
  #failures = 0;
  #costMs = 0;
  #retryAt = -Infinity;
  #reason = "";
  #seen = false;
  #latencyMs: number | undefined;

  /** Whether it is not to be asked at this monotonic time. */
  resting(now: number): boolean {
    return now < this.#retryAt;
  }

  /** Whether its last answer is overdue: the next request is a probe. */
  get dead(): boolean {
    return this.#failures > 0;
  }

  get reason(): string {
    return this.#reason;
  }

  /** Monotonic ms from which it is asked again. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** An attempt that brought no answer took `ms` of the line. */
  missed(ms: number): void {
    this.silences++;
    this.#costMs += ms;
  }

  /** It answered, after `tookMs`. True when it was dead before. */
  answered(tookMs: number): boolean {
    this.#latencyMs = this.#latencyMs === undefined ? tookMs : this.#latencyMs + (tookMs - this.#latencyMs) / 8;
    const back = this.dead;
    this.silences = this.#failures = this.#costMs = 0;
    this.#seen = true;
    if (back) this.#session++;
    return back;
  }

  /** It is given up for a while, for what its misses cost. True when it was not dead before. */
  rest(now: number, reason: string, shared: boolean, options: BackoffOptions): boolean {
    this.#failures++;
    this.#retryAt = now + pauseAfter(this.#failures, this.#costMs, shared, options);
    this.#reason = reason;
    this.silences = this.#costMs = 0;
    return this.#failures === 1;
  }

  /** The line was opened again: what was learned may be stale. When it had been away, so may have been the unit. */
  reopened(wasAway: boolean): void {
    this.#session++;
    if (wasAway) this.#retryAt = -Infinity;
  }

  /**
   * Milliseconds to wait for an answer: four times what it usually takes, within the bounds. The longest for a retry and
   * for every second probe, or a unit that became slower would never be heard again.
   */
  timeoutMs(minMs: number, maxMs: number): number {
    const patient = this.silences > 0 || (this.dead && this.#failures % 2 === 0);
    if (this.#latencyMs === undefined || patient) return maxMs;
    return Math.min(maxMs, Math.max(minMs, 4 * this.#latencyMs));
  }

  /** `toWall` makes wall-clock ms of monotonic ones. */
  state(toWall: (monotonic: number) => number): UnitState {
    return {
      status: this.dead ? "offline" : this.#seen ? "online" : "unknown",
      ...(this.dead ? { retryAt: toWall(this.#retryAt), reason: this.#reason } : {}),
      ...(this.#latencyMs === undefined ? {} : { latencyMs: this.#latencyMs }),
      session: this.#session,
      counters: { ...this.counters },
    };
  }
}
