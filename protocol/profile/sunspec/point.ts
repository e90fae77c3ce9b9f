import type { Encoding, Plausible } from "../register.ts";
import type { Point } from "./model.ts";

/** How a point is read as a number. */
interface Numeric {
  readonly encoding: Encoding;
  /** Raw value that means "not implemented" (SunSpec Device Information Model Specification, §4.3 "Data types"). */
  readonly absent?: number;
  /** It has 64 bits: the encoding is that of the upper half. */
  readonly halves?: true;
}

/** The number whose 64 bits are all set, as near as a double comes to it. */
const ALL_BITS = 0xffff_ffff * 2 ** 32 + 0xffff_ffff;

const NUMERIC: Readonly<Record<string, Numeric>> = {
  int16: { encoding: "i16", absent: -0x8000 },
  sunssf: { encoding: "i16", absent: -0x8000 },
  uint16: { encoding: "u16", absent: 0xffff },
  count: { encoding: "u16", absent: 0xffff },
  enum16: { encoding: "u16", absent: 0xffff },
  bitfield16: { encoding: "u16", absent: 0xffff },
  int32: { encoding: "i32", absent: -0x8000_0000 },
  uint32: { encoding: "u32", absent: 0xffff_ffff },
  bitfield32: { encoding: "u32", absent: 0xffff_ffff },
  acc32: { encoding: "acc32", absent: 0 },
  float32: { encoding: "f32", absent: 0x7fc0_0000 },
  uint64: { encoding: "u32", absent: ALL_BITS, halves: true },
  acc64: { encoding: "u32", absent: 0, halves: true },
};

/**
 * How a point is read as a number; `undefined` for texts and pads.
 *
 * @example
 * ```ts
 * numericOf("uint16"); // => { encoding: "u16", absent: 0xffff }
 * numericOf("string"); // => undefined
 * ```
 */
export function numericOf(type: string): Numeric | undefined {
  return NUMERIC[type];
}

/** The units of the models' data that are shown otherwise: it writes some of them in several ways. */
const UNITS: Readonly<Record<string, string>> = {
  C: "°C",
  Pct: "%",
  PF: "%",
  Secs: "s",
  "cos()": "",
  Var: "var",
  Varh: "varh",
  WH: "Wh",
  AH: "Ah",
  ohms: "Ω",
  "W/m2": "W/m²",
  mps: "m/s",
  meters: "m",
  HPa: "hPa",
  Degrees: "°",
  deg: "°",
  Vm: "V/m",
  kO: "kΩ",
};
/** What the models' data has wrong, as the descriptions of the same points say. */
const CORRECTED_UNITS: Readonly<Record<string, string>> = {
  "122.WAval": "W",
  "306.A": "A",
  "306.V": "V",
  "306.Tmp": "°C",
};

/**
 * The unit in which a point is shown.
 *
 * @example
 * ```ts
 * shownUnit(121, { name: "WGra", offset: 12, type: "uint16", words: 1, unit: "% WMax/sec" }); // => "%/s"
 * ```
 */
export function shownUnit(model: number, { name, unit = "" }: Point): string {
  const corrected = CORRECTED_UNITS[`${model}.${name}`];
  if (corrected !== undefined) return corrected;
  if (/^\s*%.*\/sec$/i.test(unit)) return "%/s";
  if (/^\s*%/.test(unit)) return "%";
  return UNITS[unit] ?? unit;
}

/** Ratings and settings are shown, and not judged. */
const STATED_MODELS = [120, 121, 122, 123, 702, 703, 704, 705, 706];
/** Models whose percentages are of something that they cannot exceed. */
const SHARES_OF_A_MOST = [123, 124, 704, 802];

/**
 * What a point can be: a measurement as its unit says, a setting as its kind says.
 *
 * @example
 * ```ts
 * const limit = { name: "WMaxLimPct", offset: 5, type: "uint16", words: 1, unit: "% WMax", writable: true } as const;
 * plausibleOf(123, limit); // => { min: 0, max: 100 }
 * ```
 */
export function plausibleOf(model: number, point: Point): Plausible | undefined {
  if (point.type === "sunssf") return SCALE;
  if (point.writable) return settingRange(model, point);
  return STATED_MODELS.includes(model) ? undefined : PLAUSIBLE[shownUnit(model, point)];
}

function settingRange(model: number, point: Point): Plausible | undefined {
  const { type, unit, symbols } = point;
  if (symbols && type.startsWith("enum")) {
    const values = Object.keys(symbols).map(Number);
    return { min: Math.min(...values), max: Math.max(...values) };
  }
  if (unit === "cos()") return { min: -1, max: 1 };
  if (shownUnit(model, point) !== "%" || !SHARES_OF_A_MOST.includes(model)) return undefined;
  return { min: type === "int16" ? -100 : 0, max: 100 };
}

const SCALE: Plausible = { min: -10, max: 10 };

/**
 * What a measurement of each unit can be, for any inverter up to 5 MW. Wide on purpose: these catch words that slipped
 * by a register (35 MW from a 10 kW inverter), not measurements that are a little off.
 */
const PLAUSIBLE: Readonly<Record<string, Plausible>> = {
  V: { min: 0, max: 2_000 },
  A: { min: -10_000, max: 10_000 },
  Hz: { min: 0, max: 100, maxStep: 10 },
  W: { min: -5_000_000, max: 5_000_000 },
  VA: { min: -6_000_000, max: 6_000_000 },
  var: { min: -6_000_000, max: 6_000_000 },
  // 5 MW deliver 84 kWh in the minute over which a step is judged.
  Wh: { min: 0, max: 1e12, maxStep: 100_000 },
  "°C": { min: -60, max: 200, maxStep: 40 },
  "%": { min: -100, max: 100 },
};
