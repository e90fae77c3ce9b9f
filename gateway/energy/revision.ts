import { BRIDGED_MS } from "./integral.ts";
import type { MeterReading } from "./meter.ts";

/** Readings of one batch before and after they were corrected, at the same times. */
interface Revised {
  readonly before: readonly MeterReading[];
  readonly after: readonly MeterReading[];
}

/** Wh of readings that are evenly apart, each good for as long as the next is away. */
export function sumOf(readings: readonly MeterReading[]): number {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined || readings.length < 2) return 0;
  const everyMs = (last.at - first.at) / (readings.length - 1);
  return readings.reduce((sum, { w = 0 }) => sum + Math.max(0, w), 0) * everyMs / 3_600_000;
}

/** By how many Wh more the corrected readings are, step by step, where both were counted: neighbours at most 15 minutes apart. */
export function correctionOf(batches: readonly Revised[]): readonly { readonly at: number; readonly wh: number }[] {
  const differences = batches.flatMap(({ before, after }) =>
    after.map(({ at, w = 0 }, i) => ({ at, w: Math.max(0, w) - Math.max(0, before[i]?.w ?? 0) }))
  );
  return differences.flatMap(({ at, w }, i) => {
    const last = differences[i - 1];
    if (last === undefined || at <= last.at || at - last.at > BRIDGED_MS) return [];
    const wh = (w + last.w) / 2 * (at - last.at) / 3_600_000;
    return wh === 0 ? [] : [{ at, wh }];
  });
}
