import type { Clock } from "../../platform/clock.ts";

/**
 * One timer for many short waits, one after the other. Arming and disarming cost no timer as long as each deadline is
 * later than the one before, which is so for requests with the same timeout: the hot path of Modbus TCP.
 */
export class Deadline implements Disposable {
  readonly #clock: Clock;
  readonly #expire: () => void;
  #at = Infinity;
  #wakeAt = Infinity;
  #sleep = new AbortController();

  /** `expire` is called once for each deadline that passes before it is disarmed. */
  constructor(clock: Clock, expire: () => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Expires `ms` from now; replaces an earlier deadline. */
  arm(ms: number): void {
    this.#at = this.#clock.monotonic() + ms;
    if (this.#at < this.#wakeAt) this.#restart();
  }

  disarm(): void {
    this.#at = Infinity;
  }

  [Symbol.dispose](): void {
    this.#at = this.#wakeAt = Infinity;
    this.#sleep.abort();
  }

  #restart(): void {
    this.#sleep.abort();
    this.#sleep = new AbortController();
    this.#run(this.#sleep.signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (this.#at !== Infinity) {
      this.#wakeAt = this.#at;
      await this.#clock.sleep(this.#at - this.#clock.monotonic(), signal);
      if (signal.aborted) return;
      if (this.#clock.monotonic() < this.#at) continue; // disarmed, moved on, or woken early
      this.#at = Infinity;
      this.#expire();
    }
    this.#wakeAt = Infinity;
  }
}
