import type { Encoding, Plausible } from "../register.ts";

/** The SunSpec point types we read as numbers, and those we only step over (acc64, string, pad). */
export type PointType =
  | "int16"
  | "uint16"
  | "enum16"
  | "bitfield16"
  | "uint32"
  | "bitfield32"
  | "acc32"
  | "acc64"
  | "float32"
  | "sunssf"
  | "string4"
  | "string8"
  | "pad";

/** One point of a model table, in the order of the model: offsets follow from the sizes before it. */
export interface Point {
  readonly name: string;
  readonly type: PointType;
  readonly unit: string;
  /** Name of the scale factor in the same model. */
  readonly factor?: string;
  readonly writable?: boolean;
  readonly plausible?: Plausible;
  readonly description: string;
}

/** A SunSpec information model as data. Tables begin after the two header registers, at offset 2. */
export interface Model {
  readonly id: number;
  readonly title: string;
  readonly points: readonly Point[];
  /** A group that repeats to the end of the block; its points are called `<k>.<name>`, k from 1. */
  readonly repeating?: readonly Point[];
}

interface Numeric {
  readonly encoding: Encoding;
  /** Raw value that means "not implemented" (SunSpec Device Information Model Specification, §4.3 "Data types"). */
  readonly absent: number;
}

/**
 * Registers a point of this type occupies.
 *
 * @example
 * ```ts
 * sizeOf("float32"); // => 2
 * ```
 */
export function sizeOf(type: PointType): number {
  switch (type) {
    case "string8":
      return 8;
    case "string4":
    case "acc64":
      return 4;
    case "uint32":
    case "bitfield32":
    case "acc32":
    case "float32":
      return 2;
    case "int16":
    case "uint16":
    case "enum16":
    case "bitfield16":
    case "sunssf":
    case "pad":
      return 1;
    default:
      return type satisfies never;
  }
}

/**
 * How a point is read as a number; `undefined` for what is no number of up to 32 bits.
 *
 * @example
 * ```ts
 * numericOf("uint16"); // => { encoding: "u16", absent: 0xffff }
 * numericOf("string8"); // => undefined
 * ```
 */
export function numericOf(type: PointType): Numeric | undefined {
  switch (type) {
    case "int16":
    case "sunssf":
      return { encoding: "i16", absent: -0x8000 };
    case "uint16":
    case "enum16":
    case "bitfield16":
      return { encoding: "u16", absent: 0xffff };
    case "uint32":
    case "bitfield32":
      return { encoding: "u32", absent: 0xffff_ffff };
    case "acc32":
      return { encoding: "acc32", absent: 0 };
    case "float32":
      return { encoding: "f32", absent: 0x7fc0_0000 };
    case "acc64":
    case "string4":
    case "string8":
    case "pad":
      return undefined;
    default:
      return type satisfies never;
  }
}

/**
 * A scaled or plain measurement.
 *
 * @example
 * ```ts
 * measured("Hz", "uint16", "Hz", "Grid frequency", "Hz_SF").plausible; // => { min: 0, max: 100, maxStep: 10 }
 * ```
 */
export function measured(
  name: string,
  type: PointType,
  unit: string,
  description: string,
  factor?: string,
): Point {
  const plausible = PLAUSIBLE[unit];
  return { name, type, unit, description, ...(factor ? { factor } : {}), ...(plausible ? { plausible } : {}) };
}

/**
 * A rating or status that is shown but not judged.
 *
 * @example
 * ```ts
 * stated("WRtg", "uint16", "W", "Power rating", "WRtg_SF").plausible; // => undefined
 * ```
 */
export function stated(name: string, type: PointType, unit: string, description: string, factor?: string): Point {
  return { name, type, unit, description, ...(factor ? { factor } : {}) };
}

/**
 * A setting that may be written, with the physical values it takes.
 *
 * @example
 * ```ts
 * setting("WMax", "uint16", "W", "Largest power output", "WMax_SF").writable; // => true
 * ```
 */
export function setting(
  name: string,
  type: PointType,
  unit: string,
  description: string,
  factor?: string,
  plausible?: Plausible,
): Point {
  return { ...stated(name, type, unit, description, factor), writable: true, ...(plausible ? { plausible } : {}) };
}

/**
 * A scale factor.
 *
 * @example
 * ```ts
 * factor("W_SF").type; // => "sunssf"
 * ```
 */
export function factor(name: string): Point {
  return {
    name,
    type: "sunssf",
    unit: "",
    plausible: { min: -10, max: 10 },
    description: "Scale factor (power of ten)",
  };
}

/**
 * Registers that hold nothing we read.
 *
 * @example
 * ```ts
 * skipped("pad"); // => { name: "Pad", type: "pad", unit: "", description: "" }
 * ```
 */
export function skipped(type: PointType, name = "Pad"): Point {
  return { name, type, unit: "", description: "" };
}

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
