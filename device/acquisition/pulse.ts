import type { Clock } from "../../platform/clock.ts";
import { ALIVE, dead, type Liveness } from "../../platform/liveness.ts";
import type { Period } from "./period.ts";

/** Sees whether a poll loop still turns. */
export class Pulse {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #name: string;
  readonly #patienceMs: number;
  #at: number;
  #busy = false;

  /** `name` for people; `patienceMs`: the longest that one poll may take. */
  constructor(name: string, patienceMs: number, clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    this.#name = name;
    this.#patienceMs = patienceMs;
    this.#at = clock.monotonic();
  }

  /** Does the work of one turn. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#beat(true);
    try {
      return await work();
    } finally {
      this.#beat(false);
    }
  }

  /** Whether the last turn was not longer ago than the period and a poll's patience. */
  liveness(period: Pick<Period, "ms">): Liveness {
    const silentMs = this.#clock.monotonic() - this.#at;
    if (silentMs <= this.#patienceMs + (this.#busy ? 0 : period.ms)) return ALIVE;
    const seconds = Math.round(silentMs / 1000);
    return dead(`the poll of ${this.#name} ${this.#busy ? "hangs" : "has not come"} for ${seconds} s`);
  }

  #beat(busy: boolean): void {
    this.#at = this.#clock.monotonic();
    this.#busy = busy;
  }
}
