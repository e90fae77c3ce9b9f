/** Bounds of the pause after failures. */
const FIRST_MS = 1000;
const LONGEST_MS = 300_000;

/**
 * Milliseconds to pause after `failures` (1, 2 …) in a row: doubling from 1 s to 5 min, the upper half of it by chance
 * (`random` in [0, 1)), so that a fleet does not come back at once. Holds for any number of failures.
 */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return full * (1 + random) / 2;
}

/** Milliseconds that a `Retry-After` asks for (RFC 9110 §10.2.3: seconds, or a date); undefined when it says nothing. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const date = / GMT$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
