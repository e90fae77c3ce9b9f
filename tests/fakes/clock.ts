import { setImmediate } from "node:timers";
import type { Clock } from "../../platform/clock.ts";
import { isWorking } from "./threads.ts";
import { until } from "./until.ts";

/** Turns of the event loop after which nothing is left to do: each runs all that is ready. */
const TURNS = 6;

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. Sleepers wake in order of their time. */
export class FakeClock implements Clock {
  #elapsed = 0;
  #wall: number;
  readonly #sleepers = new Set<Sleeper>();
  readonly #settle: () => Promise<void>;

  /** `settle`: lets everything that is ready run. */
  constructor(wall = Date.UTC(2026, 5, 21, 12), settle = settled) {
    this.#wall = wall;
    this.#settle = settle;
  }

  now = (): number => Math.floor(this.#wall); // whole, as Date.now() gives it
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

  /** How many sleep now: a test waits for this before it moves the time. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Moves both clocks by `ms`, waking who is due, each at its own moment, and lets their continuations run. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await this.#settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#wake(next);
      await this.#settle();
    }
    this.#wall += end - this.#elapsed;
    this.#elapsed = end;
  }

  /** Moves from sleeper to sleeper until the work is done; fails when it takes more than `longestMs` of fake time. */
  async until<T>(work: Promise<T>, longestMs = 3_600_000): Promise<T> {
    const end = this.#elapsed + longestMs;
    let done = false;
    const over = () => void (done = true);
    work.then(over, over);
    for (;;) {
      await this.#settle();
      if (done) return await work;
      const next = this.#next(end);
      if (next === undefined) throw new Error(`Waited in vain: it is not done after ${longestMs} ms`);
      this.#wake(next);
    }
  }

  /** Moves from sleeper to sleeper until a state is reached; fails when that takes more than `longestMs` of fake time. */
  async reach(state: () => boolean | Promise<boolean>, what: string, longestMs = 120_000): Promise<void> {
    const end = this.#elapsed + longestMs;
    for (await this.#settle(); !await state(); await this.#settle()) {
      const next = this.#next(end);
      if (next === undefined) throw new Error(`Waited in vain for ${what}: not within ${longestMs} ms`);
      this.#wake(next);
    }
  }

  /**
   * Waits for the end of work that sockets or other programs take part in: how long they take does not count. Who sleeps is
   * woken for as long as that is no more than `longestMs` in all; work that waits for longer never ends, and fails.
   */
  async ended<T>(work: PromiseLike<T>, longestMs: number, what: string): Promise<T> {
    const end = this.#elapsed + longestMs;
    let done = false;
    const over = () => void (done = true);
    work.then(over, over);
    await until(async () => {
      await this.#settle();
      const next = done ? undefined : this.#next(end);
      if (next) this.#wake(next);
      return done;
    }, what);
    return await work;
  }

  /** Sets the wall clock without time passing, as an NTP step does. */
  jump(wall: number): void {
    this.#wall = wall;
  }

  #wake(sleeper: Sleeper): void {
    this.#wall += sleeper.at - this.#elapsed;
    this.#elapsed = sleeper.at;
    sleeper.wake();
  }

  /** Who is due first, up to `end`; of two at one moment the one that came first. */
  #next(end: number): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.at <= end && (next === undefined || sleeper.at < next.at)) next = sleeper;
    }
    return next;
  }
}

/** Lets everything that is ready run, and what the machine works at come to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (isWorking()) turn = -1;
  }
}
