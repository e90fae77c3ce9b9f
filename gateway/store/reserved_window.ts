import { HIGHEST_SEQUENCE } from "../../protocol/sequence_number.ts";
import { claimSequence, type SequenceWindow, setFree, WINDOW } from "./sequence_window.ts";

/** Numbers above the highest that count as used on disk before they are: so many requests of a device write none. */
const AHEAD = 1_024;

/**
 * The numbers that were used under a key, in memory. On disk more of them are: all up to `reserve`, so that a crash makes numbers
 * used that were not, and never the other way round.
 */
export class ReservedWindow {
  #window: SequenceWindow;
  /** Up to here all numbers are used on disk; 0: that is not known, or not so. */
  #reserved = 0;
  /** Used by a transaction that was taken back. */
  readonly #free = new Set<number>();

  /** `stored`: as it is on disk. */
  constructor(stored: SequenceWindow) {
    this.#window = stored;
  }

  /** Highest number used, 0 before the first. */
  get highest(): number {
    return this.#window.highest;
  }

  /** Uses a number; `false` when it was used before, lies below the window or is none. */
  claim(sequence: number): boolean {
    if (this.#free.delete(sequence)) return true;
    const next = claimSequence(this.#window, sequence);
    if (next === undefined) return false;
    this.#window = next;
    return true;
  }

  /** Takes back what was reserved in a transaction that is taken back, and the number that was used in it, if one was. */
  undo(sequence: number | undefined): void {
    this.#reserved = 0;
    if (sequence !== undefined) this.#free.add(sequence);
    for (const number of this.#free) if (number < this.highest - WINDOW) this.#free.delete(number);
  }

  /** Up to where all numbers have to be used on disk before this transaction ends; `undefined`: they are. */
  reserve(): number | undefined {
    if (this.highest <= this.#reserved) return undefined;
    this.#reserved = Math.min(this.highest + AHEAD, HIGHEST_SEQUENCE);
    return this.#reserved;
  }

  /** Whether more is used on disk than here. */
  get isAhead(): boolean {
    return this.#reserved > 0;
  }

  /** What is to be on disk when nothing will be used any more. */
  settle(): SequenceWindow {
    this.#reserved = 0;
    return [...this.#free].reduce(setFree, this.#window);
  }
}
