import { lookup } from "./lookup.ts";
import { type Outcome, refusal, success } from "../outcome.ts";
import { evaluate } from "./format/expression.ts";
import { doubleOf, floatBits, floatOf, rawRange } from "./raw.ts";
import type { Making, Profile, Register } from "./register.ts";

/** SunSpec's bound on a scale factor; outside it the points that use it are worth nothing. */
const MAX_EXPONENT = 10;
const POWERS = Array.from({ length: MAX_EXPONENT + 1 }, (_, exponent) => Number(`1e${exponent}`));

/** Gives the raw value of another register of the same poll, by name; scale factors are looked up with it. */
export type RawOf = (name: string) => number | undefined;

/**
 * The value in the register's unit; `undefined` when it is not implemented or its scale factor is unusable.
 *
 * @example
 * ```ts
 * import { ecowatt } from "./ecowatt.ts";
 * const [voltage] = ecowatt.registers;
 * voltage && physical(voltage, 2305, () => undefined); // => 230.5
 * ```
 */
export function physical(register: Register, raw: number | undefined, rawOf: RawOf): number | undefined {
  if (register.making) return made(register, register.making, raw, rawOf);
  if (raw === undefined || raw === register.absent) return undefined;
  return scaled(register, register.encoding === "f32" ? floatOf(raw) : raw, rawOf);
}

function scaled(register: Register, number: number, rawOf: RawOf): number | undefined {
  if (!Number.isFinite(number)) return undefined;
  const divisor = divisorOf(register, rawOf);
  // A division by 10 keeps 2305 → 230.5; a product with 0.1 would not.
  return divisor === undefined ? undefined : divisor < 0 ? number * -divisor : number / divisor;
}

/** The value of a register that is made of more than one raw value, or goes through more than a scale. */
function made(register: Register, making: Making, raw: number | undefined, rawOf: RawOf): number | undefined {
  const { low, mask, shift = 0, alsoAbsent, offset = 0, negativeWhen } = making;
  const lower = low && rawOf(low.register);
  if (raw === undefined || (low && lower === undefined)) return undefined;
  const whole = low && lower !== undefined ? wholeOf(register, raw, lower, low.bits) : raw;
  if (whole === register.absent || alsoAbsent?.includes(whole)) return undefined;
  const number = register.encoding === "f32" ? floatOf(whole) : mask === undefined ? whole : (whole & mask) >>> shift;
  const teller = negativeWhen && rawOf(negativeWhen.register);
  if (negativeWhen && teller === undefined) return undefined;
  const negative = teller !== undefined &&
    negativeWhen?.ranges.some(([first, last]) => teller >= first && teller <= last);
  const value = scaled(register, number, rawOf);
  return value === undefined ? undefined : (negative ? -value : value) + offset;
}

/** A number whose upper and lower bits came as two. */
function wholeOf({ encoding }: Register, upper: number, lower: number, bits: 16 | 32): number {
  return encoding === "f64" ? doubleOf(upper, lower) : upper * 2 ** bits + lower;
}

/**
 * The values of a sample that are computed, by name: each from the values of registers, and of those before it.
 *
 * @example
 * ```ts
 * import { ecowatt } from "./ecowatt.ts";
 * derivedValues(ecowatt, () => 1); // => new Map()
 * ```
 */
export function derivedValues(
  { derived = [] }: Profile,
  valueOf: (name: string) => number | undefined,
): ReadonlyMap<string, number | undefined> {
  const values = new Map<string, number | undefined>();
  for (const { name, is } of derived) {
    values.set(name, evaluate(is, (part) => values.has(part) ? values.get(part) : valueOf(part)));
  }
  return values;
}

/**
 * The physical values of whole samples: give it the columns once, then the values of each poll.
 *
 * @example
 * ```ts
 * import { ecowatt } from "./ecowatt.ts";
 * const read = physicalColumns(ecowatt, ["Vac1", "Pac"]);
 * read([2305, 4150]); // => [230.5, 4150]
 * ```
 */
export function physicalColumns(
  profile: Profile,
  columns: readonly string[],
): (values: readonly (number | undefined)[]) => (number | undefined)[] {
  const registers = columns.map((name) => lookup(profile, name));
  const index = new Map(registers.map((register, column) => [register?.name, column]));
  const readers = registers.map((register) => register === undefined ? () => undefined : columnReader(register, index));
  return (values) => readers.map((read, column) => read(values[column], values));
}

type ColumnReader = (raw: number | undefined, values: readonly (number | undefined)[]) => number | undefined;

/** A plain integer with a fixed gain, as most are, is read without asking what else it could be. */
function columnReader(register: Register, index: ReadonlyMap<string | undefined, number>): ColumnReader {
  const { scale, encoding, absent, making } = register;
  if (scale.kind === "gain" && encoding !== "f32" && scale.gain > 0 && making === undefined) {
    const { gain } = scale;
    return (raw) => raw === undefined || raw === absent ? undefined : raw / gain;
  }
  return (raw, values) => physical(register, raw, (name) => values[index.get(name) ?? -1]);
}

/**
 * The raw value to write so that the register shows `value`, rounded to its resolution. Never clamped.
 *
 * @example
 * ```ts
 * import { ecowatt } from "./ecowatt.ts";
 * const limit = ecowatt.registers[8];
 * limit && rawOfPhysical(limit, 50, () => undefined); // => { ok: true, value: 50 }
 * ```
 */
export function rawOfPhysical(
  register: Register,
  value: number,
  rawOf: RawOf,
): Outcome<number, "not_a_number" | "no_scale" | "out_of_range"> {
  if (!Number.isFinite(value)) return refusal("not_a_number", `Cannot write ${value} to ${register.name}`);
  const { plausible, unit, name } = register;
  if (plausible && (value < plausible.min || value > plausible.max)) {
    return refusal("out_of_range", `${name} takes ${plausible.min} to ${plausible.max} ${unit}: ${value} is outside`);
  }
  if (register.making && (register.making.low || register.making.mask || register.making.negativeWhen)) {
    return refusal("no_scale", `${name} is made of several parts: it is not written as one value`);
  }
  const divisor = divisorOf(register, rawOf);
  if (divisor === undefined) return refusal("no_scale", `The scale factor of ${name} is unusable`);
  const plain = value - (register.making?.offset ?? 0);
  const number = divisor < 0 ? plain / -divisor : plain * divisor;
  const raw = register.encoding === "f32" ? floatBits(number) : Math.round(number);
  const { min, max } = rawRange(register.encoding);
  if (raw < min || raw > max || raw === register.absent || register.making?.alsoAbsent?.includes(raw)) {
    return refusal("out_of_range", `${name} cannot hold ${value} ${unit}`);
  }
  return success(raw);
}

/** What to divide a raw value by; negative: multiply by its magnitude. */
function divisorOf(register: Register, rawOf: RawOf): number | undefined {
  const { scale } = register;
  if (scale.kind === "gain") return scale.gain;
  const exponent = rawOf(scale.register);
  if (exponent === undefined || Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const power = POWERS[Math.abs(exponent)];
  return power === undefined || exponent <= 0 ? power : -power;
}
