import { BoundedMap } from "../../platform/bounded_map.ts";
import type { ProfileOf } from "../../profiles/known_profile.ts";
import { lookup } from "../../protocol/profile/lookup.ts";
import { physical, physicalColumns } from "../../protocol/profile/physical.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Sample, Series } from "../../protocol/sample.ts";
import type { MeterReading } from "./meter.ts";

/** Where a series has what an energy meter needs. */
export interface Reader {
  readonly hasCounter: boolean;
  readonly read: (sample: Sample) => MeterReading;
  /** As of a sample: the scale factor of the counter comes with it. */
  readonly wrapWh: (sample: Sample | undefined) => number | undefined;
}

/** Values of a 32-bit counter (SunSpec acc32). */
const COUNTER_VALUES = 2 ** 32;
/** A fleet has few kinds of series. */
const KEPT = 256;

/** Gives the reader of a series, made once for all that are alike; `undefined`: the series says nothing of energy. */
export function createReaders(profileOf: ProfileOf): (series: Series) => Reader | undefined {
  const readers = new BoundedMap<string, Reader | undefined>(KEPT);
  return (series) => {
    const name = `${series.profile}\n${series.registers.join("\n")}`;
    if (!readers.has(name)) readers.set(name, createReader(series, profileOf));
    return readers.get(name);
  };
}

function createReader({ profile: id, registers }: Series, profileOf: ProfileOf): Reader | undefined {
  const profile = profileOf(id);
  if (!profile) return undefined;
  const power = columnOf(profile, profile.power, registers);
  const counter = columnOf(profile, profile.energy, registers);
  if (power < 0 && counter < 0) return undefined;
  const w = columnReader(profile, registers, power), wh = columnReader(profile, registers, counter);
  return {
    hasCounter: counter >= 0,
    read: ({ at, values }) => ({ at, w: w(values), wh: wh(values) }),
    wrapWh: (sample) => sample && wrapOf(profile, registers, counter, sample),
  };
}

function columnOf(profile: Profile, name: string | undefined, registers: readonly string[]): number {
  return name === undefined ? -1 : registers.indexOf(lookup(profile, name)?.name ?? "");
}

type Values = readonly (number | undefined)[];

/** Reads one column of many: an upload does this for each of its samples. */
function columnReader(profile: Profile, registers: readonly string[], column: number) {
  const name = registers[column];
  const register = name === undefined ? undefined : lookup(profile, name);
  if (register === undefined) return () => undefined;
  const indexes = new Map(registers.map((name, index) => [name, index]));
  return (values: Values) => physical(register, values[column], (name) => values[indexes.get(name) ?? -1]);
}

/** What a full turn of the counter is worth: found by scaling it as its values are. */
function wrapOf(
  profile: Profile,
  registers: readonly string[],
  counter: number,
  { values }: Sample,
): number | undefined {
  const name = registers[counter];
  const register = name === undefined ? undefined : lookup(profile, name);
  if (register?.encoding !== "acc32") return undefined;
  const one = physicalColumns(profile, registers)(values.with(counter, 1))[counter];
  return one === undefined ? undefined : COUNTER_VALUES * one;
}
