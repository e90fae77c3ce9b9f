import type { Clock } from "../../platform/clock.ts";

/** Time between two slots that can change while somebody waits for the next one. */
export class Period {
  #ms: number;
  #leastMs = 0;
  #wake: (() => void) | undefined;

  /** `ms`: milliseconds, above 0. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  get ms(): number {
    return Math.max(this.#ms, this.#leastMs);
  }

  /** Changes it, and wakes who sleeps in it. The same again changes nothing. */
  set(ms: number): void {
    this.#change(() => this.#ms = ms);
  }

  /** Makes it at least this long while there is little to do; 0 ends that, at once. */
  ease(leastMs: number): void {
    this.#change(() => this.#leastMs = leastMs);
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

  #change(change: () => void): void {
    const before = this.ms;
    change();
    if (this.ms !== before) this.#wake?.();
  }
}
