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

/** How long an answer may take. */
export interface Patience {
  /** Milliseconds that even the fastest unit gets. */
  readonly leastMs: number;
  /** Milliseconds that any unit gets in the end. */
  readonly usualMs: number;
  /** Milliseconds that one gets which has been late. */
  readonly longestMs: number;
}

/** A unit that was late is given so many times what it took; with each answer in time an eighth of that is forgotten. */
const LATE = { factor: 1.5, forget: 1 / 8 } as const;

/** What a bus knows of one unit. */
export class Unit {
  readonly counters: Counters = zeroCounters();
  /** Attempts in a row that brought nothing, since the last pause. */
  silences = 0;
  #session = 1;
  #failures = 0;
  #costMs = 0;
  #retryAt = -Infinity;
  #reason = "";
  #seen = false;
  #latencyMs: number | undefined;
  #lateMs: number | undefined;
  /** Milliseconds that it lately needed. */
  #neededMs = 0;

  /** Whether it is not to be asked at this monotonic time. */
  resting(now: number): boolean {
    return now < this.#retryAt;
  }

  /** Whether its last answer is overdue: the next request is a probe. */
  get dead(): boolean {
    return this.#failures > 0;
  }

  /** Whether it has answered, and has not been given up since. */
  get online(): boolean {
    return this.#seen && !this.dead;
  }

  get reason(): string {
    return this.#reason;
  }

  /** Monotonic ms from which it is asked again. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** The longest that an answer which came too late took, ms. */
  get lateMs(): number | undefined {
    return this.#lateMs;
  }

  /** An attempt whose silence says nothing took `ms` of the line. */
  cost(ms: number): void {
    this.#costMs += ms;
  }

  /** An attempt that brought no sign of it took `ms` of the line. */
  missed(ms: number): void {
    this.silences++;
    this.#costMs += ms;
  }

  /** An attempt that took `ms` of the line brought something of it, of no use: it lives. */
  spoiled(ms: number): void {
    this.silences = 0;
    this.#costMs += ms;
    this.#lives();
  }

  /** An answer to an earlier request came, `tookMs` after it. True the first time. */
  late(tookMs: number): boolean {
    const first = this.#lateMs === undefined;
    this.#lateMs = Math.max(this.#lateMs ?? 0, tookMs);
    this.#neededMs = Math.max(this.#neededMs, LATE.factor * tookMs);
    return first;
  }

  /** It answered, after `tookMs`. True when it was dead before. */
  answered(tookMs: number): boolean {
    this.#latencyMs = this.#latencyMs === undefined ? tookMs : this.#latencyMs + (tookMs - this.#latencyMs) / 8;
    if (this.#lateMs !== undefined) this.#neededMs += (LATE.factor * tookMs - this.#neededMs) * LATE.forget;
    const back = this.#lives();
    this.silences = this.#costMs = 0;
    this.#seen = true;
    return back;
  }

  /** It is given up for a while, for what its misses cost. True when it was not dead before. */
  rest(now: number, reason: string, shared: boolean, options: BackoffOptions): boolean {
    this.#failures++;
    this.#pause(now + pauseAfter(this.#failures, this.#costMs, shared, options), reason);
    return this.#failures === 1;
  }

  /** It lives, but what it sends is of no use: on a line with others it is left alone for what that cost. */
  yield(now: number, reason: string, { share }: BackoffOptions): void {
    this.#pause(now + this.#costMs * (1 / share - 1), reason);
  }

  /** The line was opened again: what was learned may be stale. When it had been away, so may have been the unit. */
  reopened(wasAway: boolean): void {
    this.#session++;
    if (wasAway) this.#retryAt = -Infinity;
  }

  /**
   * Milliseconds to wait for an answer: four times what it usually takes, within the bounds. The usual for a retry and for
   * every second probe, or a unit that became slower would never be heard again; more for one that was late. One that is
   * `alone` on its line, and may be slower than any, has the longest time with its first request and every fourth probe.
   */
  timeoutMs({ leastMs, usualMs, longestMs }: Patience, { alone = false } = {}): number {
    const first = !this.#seen && !this.dead && this.#costMs === 0 && this.silences === 0;
    if (alone && (first || (this.dead && this.#failures % 4 === 0))) return longestMs;
    const needed = Math.min(longestMs, this.#neededMs);
    const patient = this.silences > 0 || (this.dead && this.#failures % 2 === 0);
    if (this.#latencyMs === undefined || patient) return Math.max(usualMs, needed);
    return Math.max(Math.min(usualMs, Math.max(leastMs, 4 * this.#latencyMs)), needed);
  }

  /** `toWall` makes wall-clock ms of monotonic ones. */
  state(toWall: (monotonic: number) => number): UnitState {
    return {
      status: this.dead ? "offline" : this.online ? "online" : "unknown",
      ...(this.dead ? { retryAt: toWall(this.#retryAt), reason: this.#reason } : {}),
      ...(this.#latencyMs === undefined ? {} : { latencyMs: this.#latencyMs }),
      ...(this.#lateMs === undefined ? {} : { lateMs: this.#lateMs }),
      session: this.#session,
      counters: { ...this.counters },
    };
  }

  /** True when it was dead. */
  #lives(): boolean {
    const back = this.dead;
    this.#failures = 0;
    this.#retryAt = -Infinity;
    if (back) this.#session++;
    return back;
  }

  #pause(until: number, reason: string): void {
    this.#retryAt = until;
    this.#reason = reason;
    this.silences = this.#costMs = 0;
  }
}
