const PREFIXES = ["", "k", "M", "G", "T"];
/** Units that are told in thousands of themselves. */
const SCALED: readonly string[] = ["W", "Wh", "VA", "var"];

/** How often a value is a thousand of its unit, as far as there are words for it. */
export function prefixOf(value: number, unit: string): { readonly prefix: string; readonly step: number } {
  let power = 0;
  if (SCALED.includes(unit)) { while (Math.abs(value) >= 1_000 ** (power + 1) && power < PREFIXES.length - 1) power++; }
  return { prefix: PREFIXES[power] ?? "", step: 1_000 ** power };
}

/** A number with as many digits as help, and its unit: 3250 W is `["3.25", "kW"]`. */
export function quantity(value: number, unit: string): readonly [digits: string, unit: string] {
  const { prefix, step } = prefixOf(value, unit);
  if (step === 1) return [digits(value, unit), unit];
  const scaled = value / step;
  return [scaled.toFixed(Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2), prefix + unit];
}

/** Digits after the point that a unit is read with, so that a value that moves does not change its width. */
const DIGITS: Record<string, number> = { V: 1, A: 1, Hz: 2, "°C": 1, "%": 0, W: 0, Wh: 0, VA: 0, var: 0 };

/** A number in its unit as it is, without prefixes. */
export function digits(value: number, unit: string): string {
  const fixed = DIGITS[unit];
  if (fixed !== undefined) return value.toFixed(fixed);
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}
