import { BoundedMap } from "../../platform/bounded_map.ts";
import type { DeviceId } from "../../protocol/device_id.ts";
import type { ProfileOf } from "../../profiles/known_profile.ts";
import type { Sample } from "../../protocol/sample.ts";
import type { RevisedBlock, SampleBatch, SampleReviser, SampleSink } from "../store/port/sample_batch.ts";
import type { EnergyDay, EnergyStore, StoredEnergy } from "../store/energy.ts";
import type { Gain } from "./counter.ts";
import { type LocalDays, shares } from "./local_days.ts";
import { advance, corrected, moveOn, withAside } from "./meter.ts";
import { createReaders, type Reader } from "./meter_reader.ts";
import { correctionOf, sumOf } from "./revision.ts";

/** Inverters whose energy is kept at hand between uploads. */
const KEPT_METERS = 10_000;

/** What counts the energy of samples. */
interface MeteringIo {
  readonly energy: EnergyStore;
  readonly days: LocalDays;
  /** Since when a device is registered, unix milliseconds. */
  readonly registeredAt: (device: DeviceId) => number | undefined;
  readonly profileOf: ProfileOf;
}

/**
 * Keeps the energy of every inverter up to date with its samples, in the same transaction. What is provisional is not counted,
 * but kept apart, until it is corrected.
 */
export function meteredSamples(samples: SampleSink & SampleReviser, io: MeteringIo): SampleSink & SampleReviser {
  const { energy, days } = io;
  const readerOf = createReaders(io.profileOf);
  const change = createChange(energy);
  const countIn = (batch: SampleBatch, reader: Reader) => change(batch, (before) => count(batch, before, reader, io));
  const setAside = ({ device, inverter }: Metered, block: Block, sign: 1 | -1) => {
    const wh = sign * sumOf(block.samples.map(block.reader.read));
    if (wh !== 0) energy.addNotCounted(device, { inverter, day: days(block.samples[0]?.at ?? 0).name, wh });
  };
  const meter = (batch: SampleBatch) => {
    const reader = readerOf(batch.series);
    if (!reader) return;
    if (batch.quality !== "provisional") return countIn(batch, reader);
    setAside(batch, { samples: batch.series.samples, reader }, 1);
    change(batch, (before) => keepAside(batch, before, io));
  };
  return {
    append(...batches) {
      samples.append(...batches);
      for (const batch of batches) meter(batch);
    },
    revise(revision) {
      const blocks = samples.revise(revision);
      const reader = readerOf({ ...revision, samples: [] });
      if (!reader || blocks.length === 0) return blocks;
      const fresh = blocks.filter(({ was, quality }) => was === "provisional" && quality !== "provisional");
      const counted = blocks.filter(({ was }) => was !== "provisional");
      for (const { before } of fresh) setAside(revision, { samples: before, reader }, -1);
      const series = { ...revision, samples: fresh.flatMap(({ after }) => after) };
      const { device, inverter, to: receivedAt } = revision;
      if (series.samples.length > 0) countIn({ device, inverter, series, quality: "estimated", receivedAt }, reader);
      if (counted.length > 0) {
        change(revision, (before) => before && correct(device, before, { blocks: counted, reader }, io));
      }
      return blocks;
    },
  };
}

/** Which inverter's energy it is. */
type Metered = Pick<SampleBatch, "device" | "inverter">;

/** Changes the stored energy of an inverter, kept at hand; `next` gives `undefined` when `before` is not what is stored. */
function createChange(energy: EnergyStore) {
  // What is kept is taken out while it is used: what throws on the way leaves none behind.
  const kept = new BoundedMap<string, StoredEnergy>(KEPT_METERS);
  return (
    { device, inverter }: Metered,
    next: (before: StoredEnergy | undefined) => StoredEnergy | undefined,
  ): void => {
    const name = `${device}\n${inverter}`;
    const known = kept.take(name);
    // What was kept may belong to a transaction that was rolled back: then it does not fit what is stored.
    const stored = (known && next(known)) ?? next(energy.load(device, inverter));
    if (!stored) throw new Error(`Cannot count the energy of ${device}: another process writes it`);
    kept.set(name, stored);
  };
}

/** Samples, and what reads them. */
interface Block {
  readonly samples: readonly Sample[];
  readonly reader: Reader;
}

/** Takes back what was counted wrong; `undefined`, with nothing written, when `before` is not what is stored. */
function correct(
  device: string,
  before: StoredEnergy,
  { blocks, reader }: { readonly blocks: readonly RevisedBlock[]; readonly reader: Reader },
  { energy, days }: Pick<MeteringIo, "energy" | "days">,
): StoredEnergy | undefined {
  const readings = blocks.map(({ before, after }) => ({
    before: before.map(reader.read),
    after: after.map(reader.read),
  }));
  const { inverter, day, dayWh } = before;
  let { meter } = before;
  let today = { shown: dayWh, owed: meter.owedOfDayWh ?? 0 };
  const earlier = new Map<string, number>();
  for (const { at, wh } of correctionOf(readings)) {
    const { name } = days(at);
    meter = corrected(meter, wh);
    if (name === day) today = moveOn(today.shown, today.owed, wh);
    else earlier.set(name, (earlier.get(name) ?? 0) + wh);
  }
  const after = {
    ...before,
    version: before.version + 1,
    meter: { ...meter, owedOfDayWh: today.owed === 0 ? undefined : today.owed },
    dayWh: today.shown,
  };
  if (!energy.save(device, after)) return undefined;
  for (const [day, wh] of earlier) energy.addToDay(device, { inverter, day, wh });
  return after;
}

/** Remembers where a batch is that is not counted; `undefined`, with nothing written, when `before` is not what is stored. */
function keepAside(
  { device, inverter, series: { samples } }: SampleBatch,
  before: StoredEnergy | undefined,
  { energy }: Pick<MeteringIo, "energy">,
): StoredEnergy | undefined {
  const after = {
    inverter,
    version: (before?.version ?? 0) + 1,
    meter: withAside(before?.meter, samples.at(-1)?.at ?? 0),
    day: before?.day ?? "",
    dayWh: before?.dayWh ?? 0,
  };
  return energy.save(device, after) ? after : undefined;
}

/** Counts a batch in; `undefined`, with nothing written, when `before` is not what is stored. */
function count(
  { device, inverter, series: { samples }, receivedAt }: SampleBatch,
  before: StoredEnergy | undefined,
  reader: Reader,
  { energy, days, registeredAt }: MeteringIo,
): StoredEnergy | undefined {
  const { meter, gains } = advance(before?.meter, {
    readings: samples.map(reader.read),
    hasCounter: reader.hasCounter,
    wrapWh: reader.wrapWh(samples.at(-1)),
    receivedAt,
  });
  // What the newest day shows too much is not part of it.
  const [shown, owed] = [before?.dayWh ?? 0, meter.owedOfDayWh ?? 0];
  const next = shared(gains, { inverter, day: before?.day ?? "", wh: shown - owed }, days, () => registeredAt(device));
  const { day, earlier } = next;
  const today = day === before?.day ? moveOn(shown, owed, next.dayWh - shown + owed) : { shown: next.dayWh, owed: 0 };
  const after = {
    inverter,
    version: (before?.version ?? 0) + 1,
    meter: { ...meter, owedOfDayWh: today.owed === 0 ? undefined : today.owed },
    day,
    dayWh: today.shown,
  };
  if (!energy.save(device, after)) return undefined;
  for (const one of earlier) energy.addToDay(device, one);
  return after;
}

/**
 * Puts gains to their days: the newest day goes on, those before it are `earlier`. No day before the device existed gets
 * anything: a node without a clock begins in 1970, or on the day that its image was made.
 */
function shared(
  gains: readonly Gain[],
  newest: EnergyDay,
  days: LocalDays,
  registeredAt: () => number | undefined,
) {
  const { inverter } = newest;
  const today = gains.length === 1 ? days(gains[0]?.from ?? 0) : undefined;
  if (today?.name === newest.day && (gains[0]?.to ?? 0) < today.end) { // nearly always
    return { day: newest.day, dayWh: newest.wh + (gains[0]?.wh ?? 0), earlier: [] };
  }
  const byDay = new Map([[newest.day, newest.wh]]);
  const since = firstDay(newest.day, registeredAt(), days);
  for (const gain of gains) {
    for (const { day, wh } of sharesSince(since, gain, days)) byDay.set(day, (byDay.get(day) ?? 0) + wh);
  }
  const last = [...byDay.keys()].reduce((last, day) => day > last ? day : last);
  const earlier = [...byDay].filter(([day]) => day !== last && day !== "");
  return {
    day: last,
    dayWh: byDay.get(last) ?? 0,
    earlier: earlier.map(([day, wh]): EnergyDay => ({ inverter, day, wh })),
  };
}

/** The first day that can have brought anything; a device that was registered again has days from before. */
function firstDay(newest: string, registeredAt: number | undefined, days: LocalDays): string {
  const registered = registeredAt === undefined ? "" : days(registeredAt).name;
  return newest !== "" && newest < registered ? newest : registered;
}

/** Those shares of a gain that fall on a day since `since`, with what would have fallen before. */
function sharesSince(since: string, gain: Gain, days: LocalDays): readonly Omit<EnergyDay, "inverter">[] {
  const all = [...shares(gain, days)];
  const possible = all.filter(({ day }) => day >= since);
  const total = possible.reduce((sum, { wh }) => sum + wh, 0);
  if (possible.length === all.length || total === 0) return possible;
  return possible.map(({ day, wh }) => ({ day, wh: gain.wh * wh / total }));
}
