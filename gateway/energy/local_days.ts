/** One day as the people at the site count it. Times in unix milliseconds, start <= time < end. */
interface LocalDay {
  /** `2026-11-24` */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Gives the day that a moment belongs to. */
export type LocalDays = (at: number) => LocalDay;

const HOUR_MS = 3_600_000;
/** Days kept at hand; uploads are about today, sometimes about yesterday. */
const KEPT = 16;

/** The time zone this machine is set to. */
export function machineTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The days of an IANA time zone; those on which clocks change have 23 or 25 hours. */
export function localDays(zone: string): LocalDays {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const nameOf = (at: number) => format.format(at);
  const kept: LocalDay[] = [];
  return (at) => {
    const known = kept.find(({ start, end }) => at >= start && at < end);
    if (known) return known;
    const name = nameOf(at);
    const day = { name, start: edge(at, -HOUR_MS, name, nameOf), end: edge(at, HOUR_MS, name, nameOf) };
    kept.unshift(day);
    kept.length = Math.min(kept.length, KEPT);
    return day;
  };
}

/** Where the day called `name` begins (negative step) or ends, to the millisecond. */
function edge(at: number, step: number, name: string, nameOf: (at: number) => string): number {
  let inside = at, outside = at + step;
  while (nameOf(outside) === name) [inside, outside] = [outside, outside + step];
  while (Math.abs(outside - inside) > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (nameOf(middle) === name) inside = middle;
    else outside = middle;
  }
  return Math.max(inside, outside);
}

/**
 * A longer span is taken for its last so many milliseconds, a year: a node whose clock begins in 1970 would have each day
 * since then counted out, and everybody would wait for it.
 */
const LONGEST_MS = 366 * 24 * HOUR_MS;

/** Energy of a span of time, shared among the days it touches as if it had come evenly. */
export function* shares(
  { from, to, wh }: { readonly from: number; readonly to: number; readonly wh: number },
  days: LocalDays,
): Generator<{ readonly day: string; readonly wh: number }> {
  const start = Math.max(from, to - LONGEST_MS);
  for (let at = start; at < to;) {
    const { name, end } = days(at);
    const until = Math.min(end, to);
    yield { day: name, wh: wh * (until - at) / (to - start) };
    at = until;
  }
}
