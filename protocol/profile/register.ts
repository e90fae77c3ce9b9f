/** Modbus table a register lives in (Modbus application protocol 1.1b3 §4.3). */
type Table = "holding" | "input";

/**
 * How the 16-bit words of a register make a raw integer: two's complement where signed, 32 bits high word first.
 * The raw value of `f32` is its bit pattern, so that what is stored is what was sent (raw.ts).
 */
export type Encoding = "u16" | "i16" | "u32" | "i32" | "f32" | "acc32";

/** How a raw number becomes a physical one. */
type Scale =
  /** physical = raw / gain */
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

/** One register of an inverter, as data. */
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
}

/** A kind of inverter: its registers and what can be done with them. */
export interface Profile {
  /** Names the map completely: two inverters with the same id have the same registers at the same addresses. */
  readonly id: string;
  readonly title: string;
  readonly registers: readonly Register[];
  /** Registers polled when nobody says otherwise. */
  readonly defaultRegisters: readonly string[];
  /** Name of the AC output power register, in W. */
  readonly power?: string;
  /** Name of the register with SunSpec's operating state (models 101 to 113, point St). */
  readonly status?: string;
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
}
