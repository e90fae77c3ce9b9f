/** Does one piece of work after the other, in the order in which they come, whatever becomes of each. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();
  #length = 0;

  /** Pieces that wait or are being done. */
  get length(): number {
    return this.#length;
  }

  /** Does the work when all that came before is done. Settles as the work does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.#length++;
    const done = this.#last.then(work).finally(() => this.#length--);
    this.#last = done.catch(() => {}); // whoever asked for it hears of it
    return done;
  }
}
