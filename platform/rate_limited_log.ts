import type { Logger } from "@logtape/logtape";
import type { Clock } from "./clock.ts";

/** Warnings in full before only changes are told. */
const WARNINGS = 3;
/** Milliseconds without the trouble after which it is a new one. */
const FORGOTTEN_MS = 3_600_000;

/** What a line says besides its text. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * Tells of one trouble that may repeat without end: three times in full, then one line when it ends and one when it comes
 * again. An hour without it, and it is new.
 */
export class RateLimitedLog {
  readonly #log: Logger;
  readonly #clock: Pick<Clock, "monotonic">;
  #told = 0;
  #inARow = 0;
  #lastAt = -Infinity;

  constructor(log: Logger, clock: Pick<Clock, "monotonic">) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Times that it happened since it began; 0: there is none. */
  get inARow(): number {
    return this.#inARow;
  }

  /** It happened, once more maybe. */
  happened(text: string, fields: Fields = {}, level: "warn" | "error" = "warn"): void {
    const now = this.#clock.monotonic();
    if (this.#inARow === 0 && now - this.#lastAt >= FORGOTTEN_MS) this.#told = 0;
    this.#lastAt = now;
    const begins = this.#inARow++ === 0;
    if (this.#told >= WARNINGS && !begins) return;
    this.#told++;
    const last = this.#told >= WARNINGS ? "; from now on only told when that changes" : "";
    this.#log[level](`${text}${last}`, { ...fields });
  }

  /** All is well: told if something was not. */
  ended(text: string, fields: Fields = {}): void {
    if (this.#inARow === 0) return;
    this.#log.info(text, { times: this.#inARow, ...fields });
    this.#inARow = 0;
  }
}
