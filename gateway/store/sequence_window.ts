import { HIGHEST_SEQUENCE } from "../../protocol/sequence_number.ts";

/** How far below the highest accepted number a request may come late (contract/1-link §2.2). */
export const WINDOW = 1024;

/** The sequence numbers of one device that were used: everything below the window counts as used. */
export interface SequenceWindow {
  /** Highest number accepted, 0 before the first. */
  readonly highest: number;
  /** Bit n mod 1024 tells whether number n of `highest - 1024 … highest - 1` was used. */
  readonly used: Uint8Array;
}

/** A window in which nothing was used yet. Numbers start at 1. */
export function emptyWindow(): SequenceWindow {
  return { highest: 0, used: new Uint8Array(WINDOW / 8) };
}

/** The window after `sequence` was used; `undefined` when it was used before, lies below the window or is none. */
export function claimSequence(window: SequenceWindow, sequence: number): SequenceWindow | undefined {
  const { highest } = window;
  if (!Number.isSafeInteger(sequence) || sequence < 1 || sequence > HIGHEST_SEQUENCE) return undefined;
  if (sequence === highest) return undefined;
  const used = window.used.slice();
  if (sequence < highest) {
    if (highest - sequence > WINDOW || isSet(used, sequence)) return undefined;
    set(used, sequence);
    return { highest, used };
  }
  if (sequence - highest > WINDOW) return { highest: sequence, used: new Uint8Array(WINDOW / 8) };
  for (let skipped = highest + 1; skipped < sequence; skipped++) clear(used, skipped);
  if (highest > 0) set(used, highest);
  return { highest: sequence, used };
}

/** The window in which a number of `highest - 1024 … highest - 1` was not used; any other one is left as it is. */
export function setFree(window: SequenceWindow, sequence: number): SequenceWindow {
  const { highest } = window;
  if (sequence >= highest || highest - sequence > WINDOW) return window;
  const used = window.used.slice();
  clear(used, sequence);
  return { highest, used };
}

function isSet(bits: Uint8Array, sequence: number): boolean {
  return ((bits[(sequence % WINDOW) >> 3] ?? 0) >> (sequence & 7) & 1) === 1;
}

function set(bits: Uint8Array, sequence: number): void {
  const index = (sequence % WINDOW) >> 3;
  bits[index] = (bits[index] ?? 0) | 1 << (sequence & 7);
}

function clear(bits: Uint8Array, sequence: number): void {
  const index = (sequence % WINDOW) >> 3;
  bits[index] = (bits[index] ?? 0) & ~(1 << (sequence & 7));
}
