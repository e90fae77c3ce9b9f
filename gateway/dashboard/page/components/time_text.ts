const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
/** 24 hours, as the charts have them, whatever the browser's language: the page is in English. */
const absolute = new Intl.DateTimeFormat("en-GB", {
  ...{ day: "numeric", month: "short", year: "numeric" },
  ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
});

type Unit = "second" | "minute" | "hour" | "day" | "month" | "year";

const STEPS: readonly (readonly [limit: number, unit: Unit, ms: number])[] = [
  [60_000, "second", 1_000],
  [3_600_000, "minute", 60_000],
  [86_400_000, "hour", 3_600_000],
  [60 * 86_400_000, "day", 86_400_000],
  [730 * 86_400_000, "month", 30 * 86_400_000],
  [Infinity, "year", 365 * 86_400_000],
];

/** The largest unit that says something of a span of time. */
function stepOf(ms: number): readonly [unit: Unit, ms: number] {
  const [, unit = "year", each = 1] = STEPS.find(([limit]) => Math.abs(ms) < limit) ?? [];
  return [unit, each];
}

/** "5 min. ago", "in 2 days", "now". */
export function relativeTime(at: number, now: number): string {
  const distance = at - now;
  if (Math.abs(distance) < 2_000) return "now";
  const [unit, ms] = stepOf(distance);
  return relative.format(Math.trunc(distance / ms), unit);
}

/** "27 seconds", "1 hour". */
export function durationText(span: number): string {
  const [unit, ms] = stepOf(span);
  const count = Math.max(0, Math.trunc(span / ms));
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** A time to the second in the reader's own zone: "28 Nov 2026, 03:53:25". */
export function absoluteTime(at: number): string {
  return absolute.format(at);
}

/** Says whose day "today" is, where it is not the reader's: "The day in Europe/Berlin". */
export function dayOf(timeZone: string, now: number): string {
  const clock = { dateStyle: "short", timeStyle: "short" } as const;
  const here = new Intl.DateTimeFormat("en-GB", clock).format(now);
  const there = new Intl.DateTimeFormat("en-GB", { ...clock, timeZone }).format(now);
  return here === there ? "" : `The day in ${timeZone}`;
}

const TIMESTAMP = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** What the gateway says, with the times in it in the reader's own zone. */
export function localTimes(text: string): string {
  return text.replace(TIMESTAMP, (stamp) => absoluteTime(Date.parse(stamp)));
}
