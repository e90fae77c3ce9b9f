import type { Expression } from "./format/expression.ts";

/** Modbus table a register lives in (Modbus application protocol 1.1b3 §4.3). */
export type Table = "holding" | "input" | "coil" | "discrete";

/**
 * How the 16-bit words of a register make a raw integer: two's complement where signed, 32 bits high word first unless the
 * register says otherwise. The raw value of `f32` is its bit pattern, so that what is stored is what was sent (raw.ts); that
 * of `f64` the upper half of it, and the lower is another column.
 */
export type Encoding = "u16" | "i16" | "u32" | "i32" | "f32" | "acc32" | "bcd16" | "bcd32" | "f64";

/** How a raw number becomes a physical one. */
type Scale =
  /** physical = raw / gain; a negative gain: physical = raw × its magnitude */
  | { readonly kind: "gain"; readonly gain: number }
  /** physical = raw × 10^(value of the named register), SunSpec's sunssf */
  | { readonly kind: "exponent"; readonly register: string };

/** Physical values that can be true; others are withheld and counted. */
export interface Plausible {
  readonly min: number;
  readonly max: number;
  /** Largest believable change between two polls, in physical units. */
  readonly maxStep?: number;
}

/** What a raw value goes through besides its scale: most go through nothing else. */
export interface Making {
  /** Its lower bits are in another column: a sample holds 32 bits in one. */
  readonly low?: { readonly register: string; readonly bits: 16 | 32 };
  /** Which bits of it are the value, and so many bits to the right. */
  readonly mask?: number;
  readonly shift?: number;
  /** Further raw values that mean "not implemented". */
  readonly alsoAbsent?: readonly number[];
  /** Added after scaling. */
  readonly offset?: number;
  /** The register whose value says that this one counts as negative, and the first and last of such values. */
  readonly negativeWhen?: {
    readonly register: string;
    readonly ranges: readonly (readonly [first: number, last: number])[];
  };
}

/** How bad it is when a register has a value, or a bit is set. */
export type Severity = "ok" | "info" | "asleep" | "warning" | "fault";

/** What a value or a bit of a register means. */
export interface Meaning {
  readonly severity: Severity;
  readonly text: string;
}

/** One register of a device, as data. */
export interface Register {
  readonly name: string;
  /** Other spellings that people and boards use. */
  readonly synonyms: readonly string[];
  readonly table: Table;
  /** Zero-based PDU address. */
  readonly address: number;
  readonly encoding: Encoding;
  readonly scale: Scale;
  /** SI symbol as shown to people: "V", "A", "Hz", "W", "VA", "var", "Wh", "°C", "%", "s", "Ω", "" for none. */
  readonly unit: string;
  readonly access: "read" | "read-write";
  /** Raw value that means "not implemented". */
  readonly absent?: number;
  readonly plausible?: Plausible;
  readonly description: string;
  /** The low word comes first. */
  readonly lowFirst?: true;
  /** The low byte of each word comes first. */
  readonly swapped?: true;
  /** Unit id, where it is not the device's own. */
  readonly unitId?: number;
  readonly making?: Making;
  /** What it is, whatever it is called (format/roles.ts). */
  readonly role?: string;
  /** Its plus is the canonical minus of its role: what is charged, fed in, or taken where others give. */
  readonly reversed?: true;
  /** A counter, since when. */
  readonly counts?: "lifetime" | "day" | "month" | "year";
  /** Meanings of its values, and of its bits. */
  readonly values?: ReadonlyMap<number, Meaning>;
  readonly bits?: ReadonlyMap<number, Meaning>;
  /** Part of another value: stored, and never shown by itself. */
  readonly part?: true;
}

/** What reads a device takes. */
interface Reading {
  /** Most words in one read. */
  readonly maxRead: number;
  /** No read may hold such an address and the one before it. */
  readonly cuts: readonly (readonly [table: Table, address: number])[];
  /** First and last address of what is never read. */
  readonly holes: readonly (readonly [table: Table, first: number, last: number])[];
  /** Registers that are polled less often, and every so many milliseconds. */
  readonly slow?: { readonly everyMs: number; readonly registers: readonly string[] };
}

/** What a device is: only what an `inverter` or a `hybrid` gives is production. */
type DeviceClass = "inverter" | "hybrid" | "meter" | "battery" | "gateway" | "sensor" | "charger";

/** A value that is computed from registers of the same poll. */
export interface DerivedValue {
  readonly name: string;
  readonly is: Expression;
  readonly unit: string;
  readonly role?: string;
  readonly reversed?: true;
  readonly description: string;
}

/** A power limit that nobody has tried on hardware: it is set only by whoever insists. */
interface UntriedLimit {
  /** Name of the register with the limit, in % or W. */
  readonly register: string;
  /** What puts it into force, and the raw value that does. */
  readonly enable?: { readonly register: string; readonly raw: number };
  /** What an operator must know. */
  readonly safety: readonly string[];
}

/** A kind of device: its registers and what can be done with them. */
export interface Profile {
  /** Names the map completely: two inverters with the same id have the same registers at the same addresses. */
  readonly id: string;
  readonly title: string;
  readonly class: DeviceClass;
  readonly registers: readonly Register[];
  /** Registers polled when nobody says otherwise. */
  readonly defaultRegisters: readonly string[];
  /** Name of the AC output power register, in W. */
  readonly power?: string;
  /** Name of the register with SunSpec's operating state (models 101 to 113, point St). */
  readonly status?: string;
  /** What to add to it for the numbers of these models: model 701 counts from 0. */
  readonly statusShift?: number;
  /** Name of the counter of energy delivered since installation, in Wh. */
  readonly energy?: string;
  /** Name of the AC voltage register (phase A), in V. */
  readonly voltage?: string;
  /** Name of the grid frequency register, in Hz. */
  readonly frequency?: string;
  /** Names of the registers with its temperature, in °C, the best first: an inverter has some of the sensors. */
  readonly temperatures?: readonly string[];
  /** Name of the register `set_power` writes. */
  readonly powerLimit?: string;
  readonly untriedLimit?: UntriedLimit;
  /** Values that are computed, each after those that it is made of. */
  readonly derived?: readonly DerivedValue[];
  /** How it is read, where it does not take all reads. */
  readonly reading?: Reading;
}
