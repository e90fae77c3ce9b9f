import type { Clock } from "../../platform/clock.ts";

/** Longest that one timer sleeps: beyond 2^31 ms it would fire at once. */
const NAP_MS = 2 ** 30;

/** The moment from which a command must not be executed, on the clock that never jumps. Disposing it frees its timer. */
export class Deadline implements Disposable {
  /** Aborts when the moment has come. */
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #at: number;
  readonly #over = new AbortController();
  readonly #disposed = new AbortController();

  /** `at`: monotonic milliseconds; `Infinity` for never. */
  constructor(clock: Clock, at: number) {
    this.#clock = clock;
    this.#at = at;
    this.signal = this.#over.signal;
    if (at !== Infinity) this.#watch();
  }

  /** Whether the moment has come: asked of the clock, since a busy process hears its timers late. */
  get passed(): boolean {
    if (this.#clock.monotonic() >= this.#at) this.#over.abort();
    return this.#over.signal.aborted;
  }

  [Symbol.dispose](): void {
    this.#disposed.abort();
  }

  async #watch(): Promise<void> {
    while (!this.passed && !this.#disposed.signal.aborted) {
      await this.#clock.sleep(Math.min(this.#at - this.#clock.monotonic(), NAP_MS), this.#disposed.signal);
    }
  }
}
