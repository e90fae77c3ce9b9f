import { useEffect, useState } from "preact/hooks";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const STEPS: readonly (readonly [limit: number, unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  [60_000, "second", 1_000],
  [3_600_000, "minute", 60_000],
  [86_400_000, "hour", 3_600_000],
  [30 * 86_400_000, "day", 86_400_000],
  [365 * 86_400_000, "month", 30 * 86_400_000],
  [Infinity, "year", 365 * 86_400_000],
];

/** "5 min. ago", "in 2 days", "now". */
export function relativeTime(at: number, now: number): string {
  const distance = at - now;
  if (Math.abs(distance) < 2_000) return "now";
  const [, unit = "year", ms = 1] = STEPS.find(([limit]) => Math.abs(distance) < limit) ?? [];
  return relative.format(Math.trunc(distance / ms), unit);
}

/** A time to the second in the reader's own zone. */
export function absoluteTime(at: number): string {
  return absolute.format(at);
}

/** The time now, every second. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** How long ago something was, and when exactly. */
export function RelativeTime({ at }: { readonly at: number | null | undefined }) {
  const now = useNow();
  if (at === null || at === undefined) return <span class="faint">never</span>;
  return <time dateTime={new Date(at).toISOString()} title={absoluteTime(at)}>{relativeTime(at, now)}</time>;
}
