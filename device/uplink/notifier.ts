/** Wakes one waiter. A ring while nobody waits is heard by the next wait. */
export class Notifier {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#rung = false;
        this.#wake = undefined;
        signal.removeEventListener("abort", done);
        resolve();
      };
      if (this.#rung || signal.aborted) return done();
      this.#wake = done;
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
