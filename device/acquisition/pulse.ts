import type { Clock } from "../../platform/clock.ts";
import { ALIVE, dead, type Liveness } from "../../platform/liveness.ts";
import type { BusConfig } from "../config/bus_config.ts";
import type { Period } from "./period.ts";

/** Milliseconds that a poll may take beyond what its line's timeouts explain: a busy machine, a clock that was stopped. */
const GRACE_MS = 60_000;
/** Rounds of a whole line that a poll may have to wait for: other inverters' discovery, commands that go first. */
const ROUNDS = 4;

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

/** The longest that one poll on a line may take, milliseconds: no sane one is near it, and every configured timeout fits. */
export function pollPatienceMs({ timing, inverters, tcp, rtu_over_tcp }: BusConfig): number {
  const endpoint = tcp ?? rtu_over_tcp;
  const connect = endpoint === undefined ? 0 : endpoint.connect_timeout + endpoint.connect_delay;
  return GRACE_MS +
    ROUNDS * inverters.length * (1 + timing.retries) * (Math.max(timing.timeout, timing.max_timeout) + connect);
}
