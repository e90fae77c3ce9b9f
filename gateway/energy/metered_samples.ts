import { profileById } from "../../protocol/profile/catalogue.ts";
import { lookup } from "../../protocol/profile/lookup.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Sample, Series } from "../../protocol/sample.ts";
import type { SampleBatch, SampleSink } from "../process/sample_sink.ts";
import type { EnergyStore } from "../store/energy.ts";
import { type LocalDays, shares } from "./local_days.ts";
import { advance, type MeterReading } from "./meter.ts";

/** Where a series has what an energy meter needs. */
interface Reader {
  readonly hasCounter: boolean;
  readonly read: (sample: Sample) => MeterReading;
  /** As of a sample: the scale factor of the counter comes with it. */
  readonly wrapWh: (sample: Sample | undefined) => number | undefined;
}

/** Values of a 32-bit counter (SunSpec acc32). */
const COUNTER_VALUES = 2 ** 32;
/** A fleet has few kinds of series. */
const KEPT = 256;

/** Keeps the energy of every inverter up to date with its samples, in the same transaction. */
export function meteredSamples(samples: SampleSink, energy: EnergyStore, days: LocalDays): SampleSink {
  const readers = new Map<string, Reader | undefined>();
  const readerOf = (series: Series) => {
    const name = `${series.profile}\n${series.registers.join("\n")}`;
    if (!readers.has(name)) {
      if (readers.size >= KEPT) readers.clear();
      readers.set(name, createReader(series));
    }
    return readers.get(name);
  };
  return {
    append(batch) {
      samples.append(batch);
      const reader = readerOf(batch.series);
      if (reader) meter(batch, reader, energy, days);
    },
  };
}

function meter(batch: SampleBatch, reader: Reader, energy: EnergyStore, days: LocalDays): void {
  const { device, inverter, series: { samples }, receivedAt } = batch;
  const { meter, gains } = advance(energy.load(device, inverter), {
    readings: samples.map(reader.read),
    hasCounter: reader.hasCounter,
    wrapWh: reader.wrapWh(samples.at(-1)),
    receivedAt,
  });
  energy.save(device, inverter, meter);
  const byDay = new Map<string, number>();
  for (const gain of gains) {
    for (const { day, wh } of shares(gain, days)) byDay.set(day, (byDay.get(day) ?? 0) + wh);
  }
  for (const [day, wh] of byDay) energy.addToDay(device, { inverter, day, wh });
}

/** `undefined`: the series says nothing of energy. */
function createReader({ profile: id, registers }: Series): Reader | undefined {
  const profile = profileById(id);
  if (!profile) return undefined;
  const power = columnOf(profile, profile.power, registers);
  const counter = columnOf(profile, profile.energy, registers);
  if (power < 0 && counter < 0) return undefined;
  const toPhysical = physicalColumns(profile, registers);
  return {
    hasCounter: counter >= 0,
    read(sample) {
      const values = toPhysical(sample.values);
      return { at: sample.at, w: values[power], wh: values[counter] };
    },
    wrapWh: (sample) => sample && wrapOf(profile, registers, counter, sample),
  };
}

function columnOf(profile: Profile, name: string | undefined, registers: readonly string[]): number {
  return name === undefined ? -1 : registers.indexOf(lookup(profile, name)?.name ?? "");
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
