import type { Clock } from "../../platform/clock.ts";

/** The last minute is seen in slots of ten seconds. */
const SLOT_MS = 10_000;
const SLOTS = 6;

/** What share of the last minute something was in use. */
export class Utilization {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #slots = new Map<number, number>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** It was in use for so many milliseconds, until now. */
  busy(ms: number): void {
    const slot = this.#slot();
    this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + ms);
    for (const old of this.#slots.keys()) if (old < slot - SLOTS) this.#slots.delete(old);
  }

  /** 0 to 1, of the last whole slots. */
  ratio(): number {
    const now = this.#slot();
    let ms = 0;
    for (let slot = now - SLOTS; slot < now; slot++) ms += this.#slots.get(slot) ?? 0;
    return Math.min(1, ms / (SLOTS * SLOT_MS));
  }

  #slot(): number {
    return Math.floor(this.#clock.monotonic() / SLOT_MS);
  }
}
