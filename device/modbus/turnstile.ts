interface Waiting {
  readonly enter: () => void;
}

/** Lets one in at a time: who writes before who polls, otherwise in order of arrival. */
export class Turnstile {
  readonly #waiting = { write: new Set<Waiting>(), poll: new Set<Waiting>() };
  #taken = false;

  /** How many wait. */
  get length(): number {
    return this.#waiting.write.size + this.#waiting.poll.size;
  }

  /** Whether nobody is inside or waits. */
  get free(): boolean {
    return !this.#taken;
  }

  /** Takes the place when it is free, without waiting. */
  tryEnter(): boolean {
    if (this.#taken) return false;
    return this.#taken = true;
  }

  /** Waits for the place; false when `signal` aborted first. */
  enter(priority: "write" | "poll", signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.tryEnter()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const queue = this.#waiting[priority];
      const giveUp = () => {
        queue.delete(place);
        resolve(false);
      };
      const place = {
        enter: () => {
          signal.removeEventListener("abort", giveUp);
          queue.delete(place);
          resolve(true);
        },
      };
      queue.add(place);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Gives the place to the next. */
  leave(): void {
    const [next] = this.#waiting.write.size > 0 ? this.#waiting.write : this.#waiting.poll;
    if (next) next.enter();
    else this.#taken = false;
  }
}
