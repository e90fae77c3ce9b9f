import type { Samples } from "../../api/views.ts";

/** A register over time; of summed-up spans the mean, with the least and the most beside it. `null` where nothing is known. */
export interface Curve {
  readonly unit: string;
  /** Unix seconds, as the chart wants them. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly lows: readonly (number | null)[];
  readonly highs: readonly (number | null)[];
  readonly isSummed: boolean;
  readonly fromS: number;
  readonly toS: number;
}

const STEP_MS = { raw: 0, "1m": 60_000, "15m": 900_000, "1d": 86_400_000 };

/** The curve of samples; where some are missing it has a gap rather than a line over it. */
export function curveOf(
  samples: Samples,
  { register, unit }: { readonly register: string; readonly unit: string },
): Curve {
  const { points, resolution } = samples;
  const gapMs = 2.5 * (STEP_MS[resolution] || usualStep(points.map(({ time_ms }) => time_ms)));
  const times: number[] = [],
    values: (number | null)[] = [],
    lows: (number | null)[] = [],
    highs: (number | null)[] = [];
  const push = (at: number, value: number | null, low: number | null, high: number | null) => {
    times.push(at / 1_000);
    values.push(value);
    lows.push(low);
    highs.push(high);
  };
  let last: number | undefined;
  for (const { time_ms, values: row } of points) {
    if (last !== undefined && time_ms - last > gapMs) push((last + time_ms) / 2, null, null, null);
    last = time_ms;
    const value = row[register] ?? null;
    if (value === null || typeof value === "number") push(time_ms, value, value, value);
    else push(time_ms, value.mean, value.min, value.max);
  }
  const isSummed = resolution !== "raw";
  return { unit, times, values, lows, highs, isSummed, fromS: samples.from_ms / 1_000, toS: samples.to_ms / 1_000 };
}

/** The median of the distances between points: how often they are usually taken. */
function usualStep(times: readonly number[]): number {
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? time)).sort((one, other) => one - other);
  return steps[steps.length >> 1] ?? Infinity;
}

/** What a curve shows, in a sentence: for those who cannot see it. */
export function summaryOf({ values, lows, highs, unit }: Curve, title: string): string {
  const low = lows.filter((value) => value !== null), high = highs.filter((value) => value !== null);
  const last = values.findLast((value) => value !== null);
  if (last === undefined || last === null) return `${title}: no values`;
  const round = (value: number) => `${Number(value.toPrecision(4))} ${unit}`;
  const least = low.reduce((one, other) => Math.min(one, other)),
    most = high.reduce((one, other) => Math.max(one, other));
  return `${title}: between ${round(least)} and ${round(most)}, last ${round(last)}`;
}
