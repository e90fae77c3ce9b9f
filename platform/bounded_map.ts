/** A map of at most so many entries: whatever is set beyond that takes the place of what was set longest ago. */
export class BoundedMap<K, V> {
  readonly #limit: number;
  readonly #dropped: (key: K, value: V) => void;
  readonly #entries = new Map<K, V>();

  /** `limit`: 1 or more; `dropped`: called with what another one took the place of. */
  constructor(limit: number, dropped: (key: K, value: V) => void = () => {}) {
    this.#limit = limit;
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** Sets an entry; one that was there counts as new. */
  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const [oldest, value] of this.#entries) {
      this.#entries.delete(oldest);
      return this.#dropped(oldest, value);
    }
  }

  /** All entries, longest set first. */
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#entries[Symbol.iterator]();
  }

  /** Takes an entry out. */
  take(key: K): V | undefined {
    const value = this.#entries.get(key);
    this.#entries.delete(key);
    return value;
  }
}
