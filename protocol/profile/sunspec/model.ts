/** Where a point's number comes from, as the standard's data has it (models.yaml). Offsets count from the ID register. */
export interface Point {
  readonly name: string;
  readonly offset: number;
  readonly type: string;
  readonly words: number;
  /** Name of the scale factor in the same model, or a fixed power of ten. */
  readonly scale?: string | number;
  /** As the standard writes it. */
  readonly unit?: string;
  readonly writable?: true;
  /** What values of an enumeration, or bits, are called. */
  readonly symbols?: Readonly<Record<string, string>>;
}

/** Points that come once, or again and again to the end of the block. */
interface Group {
  readonly name: string;
  readonly offset: number;
  readonly words: number;
  readonly repeats: boolean;
  /** Offsets count from the group's beginning. */
  readonly points: readonly Point[];
}

/** A SunSpec information model as data. */
export interface Model {
  readonly id: number;
  readonly title: string;
  readonly points: readonly Point[];
  readonly groups: readonly Group[];
}

/** What a model describes. */
export type Family = "inverter" | "meter" | "battery" | "sensor";

const FAMILIES: Readonly<Record<Family, readonly number[]>> = {
  inverter: [101, 102, 103, 111, 112, 113, 701],
  meter: [201, 202, 203, 204, 211, 212, 213, 214],
  battery: [124, 713, 802, 803],
  sensor: [302, 303, 304, 305, 306, 307, 308],
};

/**
 * What kind of device a model makes of whoever has it; `undefined`: it only tells more about one.
 *
 * @example
 * ```ts
 * [103, 203, 802, 123].map(familyOf); // => ["inverter", "meter", "battery", undefined]
 * ```
 */
export function familyOf(model: number): Family | undefined {
  if (FAMILIES.inverter.includes(model)) return "inverter";
  if (FAMILIES.meter.includes(model)) return "meter";
  if (FAMILIES.battery.includes(model)) return "battery";
  return FAMILIES.sensor.includes(model) ? "sensor" : undefined;
}
