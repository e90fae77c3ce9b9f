import type { Clock } from "../../platform/clock.ts";

/** Time between two slots that can change while somebody waits for the next one. */
export class Period {
  #ms: number;
  #wake: (() => void) | undefined;

  /** `ms`: milliseconds, above 0. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Changes it, and wakes who sleeps in it. The same again changes nothing. */
  set(ms: number): void {
    if (ms === this.#ms) return;
    this.#ms = ms;
    this.#wake?.();
  }

  /** Sleeps for `ms`, or until the period changes or the signal aborts. One sleeper at a time. */
  async sleep(ms: number, { clock, signal }: { clock: Pick<Clock, "sleep">; signal: AbortSignal }): Promise<void> {
    const cut = new AbortController();
    const wake = () => cut.abort();
    this.#wake = wake;
    signal.addEventListener("abort", wake, { once: true });
    if (signal.aborted) wake();
    await clock.sleep(ms, cut.signal);
    signal.removeEventListener("abort", wake);
    this.#wake = undefined;
  }
}
