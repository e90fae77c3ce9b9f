import type { Encoding, Making, Meaning, Register, Severity } from "../register.ts";
import { rangesOf } from "./raw_set.ts";
import type { ResolvedRegister } from "./resolve.ts";
import { ROLES } from "./roles.ts";
import { shownUnit } from "./unit.ts";

type Type = ResolvedRegister["type"];

/** How the column of a type is read; of 64 bits the upper half. */
const ENCODINGS: Readonly<Record<Exclude<Type, "string">, Encoding>> = {
  bit: "u16",
  u16: "u16",
  i16: "i16",
  u32: "u32",
  i32: "i32",
  u64: "u32",
  i64: "i32",
  acc32: "acc32",
  acc64: "u32",
  f32: "f32",
  f64: "f64",
  bcd16: "bcd16",
  bcd32: "bcd32",
};

/** The two halves of a value whose words do not adjoin. */
const HALVES: Readonly<Partial<Record<Type, Encoding>>> = { u32: "u16", i32: "i16", acc32: "u16" };
const SEVERITIES: readonly Severity[] = ["ok", "info", "asleep", "warning", "fault"];
/** Words that one column holds. */
const COLUMN_WORDS = 2;

/**
 * What a profile polls of a register: one column, or two where it has more than 32 bits or words that do not adjoin.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../ecowatt_document.ts";
 * import { resolutionsOf } from "./resolve.ts";
 * const pac = resolutionsOf(ecowattDocument)[0].registers.get("Pac");
 * pac && registersOf(pac, {}).length; // => 1
 * ```
 */
export function registersOf(
  register: ResolvedRegister,
  unitIds: Readonly<Record<string, number>>,
): readonly Register[] {
  const { type, name, length, addresses, order } = register;
  if (type === "string" || register.access === "write") return [];
  const column = columnOf(register, unitIds);
  const [upper = 0, lower] = addresses;
  const low = `${name}.low`;
  if (lower !== undefined) {
    return [
      { ...column, encoding: HALVES[type] ?? "u16", address: upper, ...making(register, { register: low, bits: 16 }) },
      partOf(column, { name: low, encoding: "u16", address: lower }),
    ];
  }
  const encoding = ENCODINGS[type];
  if (length <= COLUMN_WORDS) return [{ ...column, encoding, address: upper, ...making(register) }];
  const [first, second] = order === "low_first" ? [upper + COLUMN_WORDS, upper] : [upper, upper + COLUMN_WORDS];
  return [
    { ...column, encoding, address: first, ...making(register, { register: low, bits: 32 }) },
    partOf(column, { name: low, encoding: "u32", address: second }),
  ];
}

type Column = Omit<Register, "encoding" | "address" | "making">;

function columnOf(register: ResolvedRegister, unitIds: Readonly<Record<string, number>>): Column {
  const { name, synonyms = [], table, access, exponent, unit = "", role, positive, counts, absents, unit_id } =
    register;
  const { unit: shown, factor } = shownUnit(unit);
  const unitId = unit_id === undefined ? undefined : unitIds[unit_id];
  const [absent] = register.type === "acc32" || register.type === "acc64" ? [...absents, 0] : absents;
  return {
    name,
    synonyms,
    table,
    scale: exponent === undefined ? gainOf((register.scale ?? 1) * factor) : { kind: "exponent", register: exponent },
    unit: shown,
    access: access === "read_write" ? "read-write" : "read",
    ...(absent === undefined ? {} : { absent }),
    ...plausibleOf(register, factor),
    description: register.title ?? titleOf(role) ?? name,
    ...(register.order === "low_first" && register.length > 1 ? { lowFirst: true } : {}),
    ...(register.bytes === "swapped" ? { swapped: true } : {}),
    ...(unitId === undefined ? {} : { unitId }),
    ...(role === undefined ? {} : { role }),
    ...(isReversed(role, positive) ? { reversed: true } : {}),
    ...(counts === undefined ? {} : { counts }),
    ...(register.values ? { values: meanings(register.values) } : {}),
    ...(register.bits ? { bits: meanings(register.bits) } : {}),
  };
}

function partOf(
  { table, unitId, lowFirst, swapped }: Column,
  place: Pick<Register, "name" | "encoding" | "address">,
): Register {
  return {
    ...place,
    synonyms: [],
    table,
    scale: { kind: "gain", gain: 1 },
    unit: "",
    access: "read",
    description: "Lower part",
    ...(lowFirst && place.encoding === "u32" ? { lowFirst } : {}),
    ...(swapped ? { swapped } : {}),
    ...(unitId === undefined ? {} : { unitId }),
    part: true,
  };
}

function making(register: ResolvedRegister, low?: NonNullable<Making["low"]>): { making?: Making } {
  const { mask, shift, offset, unit = "", absents, negative_when = {} } = register;
  const [teller] = Object.entries(negative_when);
  const alsoAbsent = absents.slice(1);
  const made: Making = {
    ...(low ? { low } : {}),
    ...(mask === undefined ? {} : { mask }),
    ...(shift === undefined ? {} : { shift }),
    ...(alsoAbsent.length === 0 ? {} : { alsoAbsent }),
    ...(offset === undefined || offset === 0 ? {} : { offset: offset * shownUnit(unit).factor }),
    ...(teller === undefined ? {} : { negativeWhen: { register: teller[0], ranges: rangesOf(teller[1]) } }),
  };
  return Object.keys(made).length === 0 ? {} : { making: made };
}

/** Division by a whole number keeps decimals as the device means them; what is no such fraction is multiplied by. */
function gainOf(scale: number): Register["scale"] {
  const divisor = Math.round(1 / scale);
  const isFraction = divisor >= 1 && Math.abs(1 / scale - divisor) < 1e-9 * divisor;
  return { kind: "gain", gain: isFraction ? divisor : -scale };
}

function plausibleOf({ range, step }: ResolvedRegister, factor: number): Pick<Register, "plausible"> {
  if (range === undefined && step === undefined) return {};
  const [min, max] = range ?? [-Infinity, Infinity];
  return {
    plausible: { min: min * factor, max: max * factor, ...(step === undefined ? {} : { maxStep: step * factor }) },
  };
}

/**
 * Whether the plus of a register is the canonical minus of its role.
 *
 * @example
 * ```ts
 * isReversed("battery_power", "charge"); // => true
 * isReversed("grid_power", "import"); // => false
 * ```
 */
export function isReversed(role: string | undefined, positive: string | undefined): boolean {
  return positive !== undefined && ROLES.get(role ?? "")?.positive?.[1] === positive;
}

/**
 * What people call a role: `battery_power` is "Battery power".
 *
 * @example
 * ```ts
 * titleOf("ac_power_l1"); // => "AC power L1"
 * ```
 */
export function titleOf(role: string | undefined): string | undefined {
  if (role === undefined) return undefined;
  const words = role.replaceAll("_", " ").replace(/\b(ac|pv\d*|soc|soh|l\d+)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function meanings(written: Readonly<Record<string, string>>): ReadonlyMap<number, Meaning> {
  return new Map(Object.entries(written).map(([raw, text]) => [Number(raw), meaningOf(text)]));
}

function meaningOf(text: string): Meaning {
  const [word = "", ...rest] = text.split(" ");
  const severity = SEVERITIES.find((one) => one === word);
  return severity === undefined ? { severity: "info", text } : { severity, text: rest.join(" ") || severity };
}
