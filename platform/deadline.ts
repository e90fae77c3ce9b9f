import type { Clock } from "./clock.ts";

/** Why a sleep ends. Nobody looks at it, and one that is given costs a tenth of the exception that is made otherwise. */
const MOVED = "moved";

/** Longest that one timer sleeps: beyond 2^31 ms it would fire at once. */
const NAP_MS = 2 ** 30;

/**
 * One timer for many waits, one after the other. Arming and disarming cost no timer as long as each deadline is later than the
 * one before, which is so for requests with the same timeout: the hot path of Modbus TCP.
 */
export class Deadline implements Disposable {
  readonly #clock: Pick<Clock, "monotonic" | "sleep">;
  readonly #expire: () => void;
  #at = Infinity;
  #wakeAt = Infinity;
  #sleep = new AbortController();

  /** `expire` is called once for each deadline that passes before it is disarmed. */
  constructor(clock: Pick<Clock, "monotonic" | "sleep">, expire: () => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Expires `ms` from now; replaces an earlier deadline. */
  arm(ms: number): void {
    this.armAt(this.#clock.monotonic() + ms);
  }

  /** Expires at a moment of the monotonic clock; `Infinity`: never. */
  armAt(at: number): void {
    this.#at = at;
    if (at < this.#wakeAt) this.#restart();
  }

  disarm(): void {
    this.#at = Infinity;
  }

  [Symbol.dispose](): void {
    this.#at = this.#wakeAt = Infinity;
    this.#sleep.abort(MOVED);
  }

  #restart(): void {
    this.#sleep.abort(MOVED);
    this.#sleep = new AbortController();
    this.#run(this.#sleep.signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (this.#at !== Infinity) {
      const now = this.#clock.monotonic();
      this.#wakeAt = Math.min(this.#at, now + NAP_MS);
      await this.#clock.sleep(this.#wakeAt - now, signal);
      if (signal.aborted) return;
      if (this.#clock.monotonic() < this.#at) continue; // disarmed, moved on, or woken early
      this.#at = Infinity;
      this.#expire();
    }
    this.#wakeAt = Infinity;
  }
}

/** The moment, on the clock that never jumps, from which something is too late. Disposing it frees its timer. */
export class TimeLimit implements Disposable {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #over = new AbortController();
  readonly #deadline: Deadline;
  /** Aborts when the moment has come. */
  readonly signal: AbortSignal = this.#over.signal;
  #at: number;

  /** `at`: monotonic milliseconds; `Infinity` for never. */
  constructor(clock: Pick<Clock, "monotonic" | "sleep">, at: number) {
    this.#clock = clock;
    this.#deadline = new Deadline(clock, () => this.#over.abort());
    this.#at = at;
    if (!this.passed) this.#deadline.armAt(at);
  }

  /** Whether the moment has come: asked of the clock, since a busy process hears its timers late. */
  get passed(): boolean {
    if (this.#clock.monotonic() >= this.#at) this.#over.abort();
    return this.#over.signal.aborted;
  }

  /** Moves it; nothing once it has come. */
  moveTo(at: number): void {
    this.#at = at;
    if (!this.#over.signal.aborted) this.#deadline.armAt(at);
  }

  [Symbol.dispose](): void {
    this.#deadline[Symbol.dispose]();
  }
}

/** What the work comes to; `undefined` when that takes longer than `ms`, or when `signal` aborts: it goes on alone then. */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  { clock, signal }: { readonly clock: Pick<Clock, "sleep">; readonly signal?: AbortSignal },
): Promise<T | undefined> {
  const over = new AbortController();
  const end = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  try {
    return await Promise.race([work, clock.sleep(ms, end).then(() => undefined)]);
  } finally {
    over.abort();
  }
}
