import { setImmediate } from "node:timers";
import type { Clock } from "../../platform/clock.ts";

interface Event {
  readonly at: number;
  readonly run: () => void;
}

/** Chance that can be repeated: the same seed, the same draws (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  float = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  is(probability: number): boolean {
    return this.float() < probability;
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.float() * (to - from + 1));
  }

  one<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.float() * choices.length)] ?? choices[0];
  }
}

/** A process from its start to its death. What it still wants after that is never done and never answered. */
export class Process {
  alive = true;
  readonly stop = new AbortController();
}

/** Time in whole milliseconds that passes only from event to event, and everything that chance decides. */
export class Simulation {
  readonly chance: Chance;
  /** Whether anything goes wrong still. */
  faulty = true;
  #now = 0;
  #busy = 0;
  readonly #events = new Set<Event>();

  constructor(seed: number) {
    this.chance = new Chance(seed);
  }

  get now(): number {
    return this.#now;
  }

  /** Whether a fault of this probability happens here. */
  fault(probability: number): boolean {
    return this.faulty && this.chance.is(probability);
  }

  /** Runs something later; returns what calls it off. */
  after(ms: number, run: () => void): () => void {
    const event = { at: this.#now + Math.max(0, Math.round(ms)), run };
    this.#events.add(event);
    return () => void this.#events.delete(event);
  }

  /** Lets no time pass until a promise that the machine itself keeps is settled: a commit. */
  async busyWith<T>(work: Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work;
    } finally {
      this.#busy--;
    }
  }

  /** Runs everything that is ready. */
  async settle(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve)); while (this.#busy > 0);
  }

  /** Runs everything that is ready, then the next event. */
  async step(): Promise<void> {
    await this.settle();
    let next: Event | undefined;
    for (const event of this.#events) if (!next || event.at < next.at) next = event;
    if (!next) throw new Error("nobody waits for anything any more");
    this.#events.delete(next);
    this.#now = next.at;
    next.run();
  }
}

/** The clocks of a process: the wall clock is off by `offset.ms`, which may change. */
export function clockOf(sim: Simulation, process: Process, offset: { readonly ms: number }): Clock {
  const born = sim.now - sim.chance.between(0, 1_000_000);
  return {
    now: () => EPOCH + sim.now + offset.ms,
    monotonic: () => sim.now - born,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const done = () => {
          callOff();
          signal?.removeEventListener("abort", done);
          if (process.alive) resolve();
        };
        const callOff = sim.after(Math.ceil(ms), done);
        signal?.addEventListener("abort", done, { once: true });
      }),
  };
}

/** The wall clock at the beginning of every schedule. */
const EPOCH = Date.UTC(2026, 5, 21, 12);
