import { prefixOf } from "../../components/quantity_text.ts";

/** Units of which nothing is a meaningful amount: a curve of them stands on 0. */
const FROM_ZERO: readonly string[] = ["W", "VA", "var", "A", "Wh", "%"];
/** The least that the height of a chart stands for, as a share of the values: noise must not look like a storm. */
const LEAST = 0.01;

/** What the height of a chart stands for. */
export function rangeOf(low: number | null, high: number | null, unit: string): readonly [from: number, to: number] {
  if (low === null || high === null) return [0, 1];
  if (FROM_ZERO.includes(unit)) {
    const from = Math.min(0, low * 1.06);
    return [from, Math.max(0, high * 1.06, from + 1)];
  }
  const middle = (low + high) / 2;
  const span = Math.max(high - low, Math.abs(middle) * LEAST, Number.EPSILON) * 1.2;
  return [middle - span / 2, middle + span / 2];
}

/** Numbers beside an axis, with one unit and as many digits as tell them apart: "3.5 kW". */
export function axisTexts(ticks: readonly number[], unit: string): readonly string[] {
  const { prefix, step } = prefixOf(Math.max(...ticks.map(Math.abs)), unit);
  const distance = Math.abs((ticks[1] ?? 0) - (ticks[0] ?? 0)) / step || 1;
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(distance) - 1e-9)));
  return ticks.map((tick) => `${(tick / step).toFixed(digits)} ${prefix}${unit}`.trim());
}
