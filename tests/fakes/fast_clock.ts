import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import type { Clock } from "../../platform/clock.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that jumps to the next moment somebody waits for, as soon as nothing is left to do at this one. */
export class FastClock implements Clock {
  readonly #start: number;
  readonly #sleepers = new Set<Sleeper>();
  #elapsed = 0;

  constructor(start = Date.UTC(2026, 5, 21, 12)) {
    this.#start = start;
  }

  now = (): number => Math.round(this.#start + this.#elapsed);
  monotonic = (): number => this.#elapsed;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        at: this.#elapsed + Math.max(0, ms),
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
    });
  };

  /** Lets time pass until the work is done; fails when that takes more than `longestMs` of it. */
  async until<T>(work: Promise<T>, longestMs = 3_600_000): Promise<T> {
    const end = this.#elapsed + longestMs;
    let done = false;
    work.then(() => done = true, () => done = true);
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (done) return await work;
      const next = this.#next();
      assert.ok(next !== undefined && next.at <= end, "it never ends");
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.wake();
    }
  }

  /** Lets `ms` pass. */
  pass(ms: number): Promise<void> {
    return this.until(this.sleep(ms), ms);
  }

  #next(): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (next === undefined || sleeper.at < next.at) next = sleeper;
    return next;
  }
}
