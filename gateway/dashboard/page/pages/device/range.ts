/** How far back a chart looks. */
export type Range = "1h" | "24h" | "7d" | "30d" | "1y";

interface RangeFacts {
  readonly short: string;
  /** After "in the" and after a comma. */
  readonly title: string;
  readonly ms: number;
  /** What is asked for: as finely as a screen can show. */
  readonly resolution: "auto" | "1m" | "15m" | "1d";
  /** Milliseconds until it is asked for again. */
  readonly everyMs: number;
}

const HOUR = 3_600_000;

export const RANGES: Record<Range, RangeFacts> = {
  "1h": { short: "1 h", title: "last hour", ms: HOUR, resolution: "auto", everyMs: 10_000 },
  "24h": { short: "24 h", title: "last 24 hours", ms: 24 * HOUR, resolution: "1m", everyMs: 60_000 },
  "7d": { short: "7 d", title: "last 7 days", ms: 168 * HOUR, resolution: "15m", everyMs: 300_000 },
  "30d": { short: "30 d", title: "last 30 days", ms: 720 * HOUR, resolution: "15m", everyMs: 900_000 },
  "1y": { short: "1 y", title: "last year", ms: 8_784 * HOUR, resolution: "1d", everyMs: 3_600_000 },
};

/** Where a range begins. */
export function startOf(range: Range, now: number): number {
  return Math.max(0, now - RANGES[range].ms);
}

/** The range to begin with: where there is something to see of a device. */
export function rangeFor(
  { created_at_ms, last_sample_ms }: { readonly created_at_ms: number; readonly last_sample_ms: number | null },
  now: number,
): Range {
  if (now - created_at_ms < 3 * HOUR) return "1h";
  const age = now - (last_sample_ms ?? now);
  return (["24h", "7d", "30d"] as const).find((range) => age < RANGES[range].ms) ?? "1y";
}
