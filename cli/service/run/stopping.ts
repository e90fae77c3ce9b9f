/**
 * Parts that stop at the same time: as each of them takes less than a second, so do all. Those that were opened later hear
 * of it first, so that nobody asks another one that is on its way out.
 */
export class StoppedTogether implements AsyncDisposable {
  readonly #parts: AsyncDisposable[] = [];

  /** Takes a part in, and gives it back. */
  use<T extends AsyncDisposable>(part: T): T {
    this.#parts.unshift(part);
    return part;
  }

  /** Resolves when all have stopped; rejects then with what went wrong. */
  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = await Promise.allSettled(this.#parts.map((part) => part[Symbol.asyncDispose]()));
    const errors = stopped.flatMap((one) => one.status === "rejected" ? [one.reason] : []);
    if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join("; "));
    if (errors.length === 1) throw errors[0];
  }
}
