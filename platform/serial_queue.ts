interface Waiting {
  readonly enter: () => void;
}

/** How somebody waits for a turn. */
interface TurnOptions {
  /** Before all who are not; in order of arrival among those who are. */
  readonly urgent?: boolean;
  /** Gives the wait up. */
  readonly signal?: AbortSignal;
}

/** Lets one at a time do its work: who is urgent first, otherwise in order of arrival. */
export class SerialQueue {
  readonly #urgent = new Set<Waiting>();
  readonly #usual = new Set<Waiting>();
  #taken = false;

  /** Pieces that wait or are being done. */
  get length(): number {
    return this.#urgent.size + this.#usual.size + (this.#taken ? 1 : 0);
  }

  /** Does the work when its turn has come, whatever became of what was before it. Settles as the work does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (!this.tryEnter()) await this.enter();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  /** Takes the turn when nobody has it, without waiting. Who took it gives it back with `leave`. */
  tryEnter(): boolean {
    if (this.#taken) return false;
    return this.#taken = true;
  }

  /** Waits for the turn; false when `signal` aborted first, and there is nothing to give back. */
  enter({ urgent = false, signal }: TurnOptions = {}): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    if (this.tryEnter()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const queue = urgent ? this.#urgent : this.#usual;
      const giveUp = () => {
        queue.delete(place);
        resolve(false);
      };
      const place = {
        enter: () => {
          signal?.removeEventListener("abort", giveUp);
          queue.delete(place);
          resolve(true);
        },
      };
      queue.add(place);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Gives the turn to the next. */
  leave(): void {
    const [next] = this.#urgent.size > 0 ? this.#urgent : this.#usual;
    if (next) next.enter();
    else this.#taken = false;
  }
}
