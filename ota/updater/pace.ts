/** Chunks over which the speed of a server is judged, and the least bytes a second that it has to have. */
const WINDOW = 8;
const FLOOR_BYTES_PER_S = 512;
/** Longest that a download may take from its first chunk in this process, without the pauses while nobody answers. */
const DEADLINE_MS = 24 * 3_600_000;

/**
 * Judges how fast chunks come, and says how long to wait so that they do not come too fast.
 *
 * @example
 * ```ts
 * const pace = new Pace(10_000);
 * pace.came(5_000, 200); // => 300
 * pace.fault(); // => undefined
 * ```
 */
export class Pace {
  readonly #limit: number | undefined;
  readonly #last: { readonly bytes: number; readonly ms: number }[] = [];
  #total = 0;

  /** `limit`: bytes a second; none when undefined. */
  constructor(limit: number | undefined) {
    this.#limit = limit;
  }

  /** A chunk came in `ms`. How long to wait before the next, in milliseconds. */
  came(bytes: number, ms: number): number {
    this.#total += ms;
    this.#last.push({ bytes, ms });
    if (this.#last.length > WINDOW) this.#last.shift();
    return this.#limit === undefined ? 0 : Math.max(0, 1000 * bytes / this.#limit - ms);
  }

  /** What is wrong with the server, if anything. */
  fault(): string | undefined {
    if (this.#total > DEADLINE_MS) return "the download takes longer than a day";
    if (this.#last.length < WINDOW) return undefined;
    const bytes = this.#last.reduce((sum, one) => sum + one.bytes, 0);
    const seconds = this.#last.reduce((sum, one) => sum + one.ms, 0) / 1000;
    if (bytes >= FLOOR_BYTES_PER_S * seconds) return undefined;
    return `${Math.round(bytes / seconds)} bytes/s, at least ${FLOOR_BYTES_PER_S} are expected`;
  }
}
