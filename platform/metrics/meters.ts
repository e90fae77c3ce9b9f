import type { Distribution, Labels, Point } from "./exposition.ts";

/** Counts what happens, by labels. */
export class Counter {
  readonly #counts = new Map<string, { readonly labels: Labels; value: number }>();

  add(labels: Labels = {}, count = 1): void {
    const key = JSON.stringify(labels);
    const known = this.#counts.get(key);
    if (known) known.value += count;
    else this.#counts.set(key, { labels, value: count });
  }

  points(): readonly Point[] {
    return [...this.#counts.values()].map(({ labels, value }) => ({ labels, value }));
  }
}

/** Counts how long things took, in seconds, in buckets that are fixed. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** `bounds`: seconds, increasing. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(seconds: number): void {
    this.#sum += seconds;
    this.#count++;
    const first = this.#bounds.findIndex((bound) => seconds <= bound);
    for (let i = first; first >= 0 && i < this.#counts.length; i++) this.#counts[i] = (this.#counts[i] ?? 0) + 1;
  }

  distribution(labels: Labels = {}): Distribution {
    const buckets = this.#bounds.map((le, i) => ({ le, count: this.#counts[i] ?? 0 }));
    return { labels, buckets, sum: this.#sum, count: this.#count };
  }
}
