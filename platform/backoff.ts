/** Between which bounds a pause grows, milliseconds. */
interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Enough for any bound, and no number is too large for it. */
const MOST_DOUBLINGS = 50;

/** Milliseconds to pause after so many failures (1, 2 …) in a row: the first pause, doubled with each, up to the longest. */
export function backoffMs({ firstMs, longestMs }: Backoff, failures: number): number {
  const doublings = Math.min(Math.max(0, failures - 1), MOST_DOUBLINGS);
  return Math.min(longestMs, firstMs * 2 ** doublings);
}

/** A pause, its upper half by chance (`random` in [0, 1)): so those that failed together do not come back together. */
export function jittered(ms: number, random: number): number {
  return ms * (1 + random) / 2;
}

/** About an interval: by chance (`random` in [0, 1)) up to that share of it longer or shorter, so that a fleet spreads. */
export function spread(ms: number, share: number, random: number): number {
  return ms * (1 + share * (2 * random - 1));
}
