import { z } from "zod";
import { fitsBlock } from "../../protocol/block/block.ts";
import type { Sample, Series } from "../../protocol/sample.ts";
import type { LogRecord } from "./write_ahead_log.ts";

/** Which inverter and which registers a sample belongs to. */
export interface SeriesKey extends Omit<Series, "samples"> {
  readonly inverter: string;
}

/** Samples of one series that are not in a block yet. */
export interface OpenSeries extends SeriesKey {
  readonly samples: Sample[];
  /** So many of them, the first, are of an earlier start of the machine. */
  restored: number;
}

const Names = z.array(z.string());
const SeriesRecord = z.tuple([z.literal("series"), z.int(), z.string(), z.string(), Names]);
const SampleRecord = z.tuple([z.int(), z.int()]).rest(z.int().nullable());

/** The open samples of all series, and the lines of the tail file that describe them. */
export class OpenSamples {
  readonly #series: OpenSeries[] = [];
  /** Series whose line is in the tail file under the index they have here. */
  readonly #written = new Set<number>();
  #count = 0;

  /** Samples of all series. */
  get count(): number {
    return this.#count;
  }

  /** Those with at least one sample. */
  filled(): readonly OpenSeries[] {
    return this.#series.filter((series) => series.samples.length > 0);
  }

  /** Adds a sample and tells which lines to write and how many samples its series has now. */
  add(key: SeriesKey, sample: Sample): { readonly records: readonly LogRecord[]; readonly length: number } {
    const { index, length } = this.#push(key, sample);
    const record = sampleRecord(sample, index);
    if (this.#written.has(index)) return { records: [record], length };
    this.#written.add(index);
    return { records: [seriesRecord(key, index), record], length };
  }

  /**
   * Takes in the lines that a killed process left. What does not fit together is passed over; so a series may get another
   * index than it had, and its line is written again. `ours`: they are of this start of the machine.
   */
  restore(records: readonly LogRecord[], { ours }: { readonly ours: boolean }): void {
    const indexes = new Map<number, SeriesKey>();
    for (const record of records) {
      const series = SeriesRecord.safeParse(record);
      if (series.success) {
        const [, index, inverter, profile, registers] = series.data;
        indexes.set(index, { inverter, profile, registers });
        continue;
      }
      const sample = SampleRecord.safeParse(record);
      const key = sample.success ? indexes.get(sample.data[0]) : undefined;
      if (!sample.success || key === undefined) continue;
      const [, at, ...values] = sample.data;
      const restored = { at, values: values.map((value) => value ?? undefined) };
      if (!fitsBlock(restored, key.registers.length)) continue;
      const open = this.#series[this.#push(key, restored).index];
      if (open && !ours) open.restored++;
    }
  }

  /** The lines of all of them, for a file that holds none yet. */
  records(): readonly LogRecord[] {
    return this.#series.flatMap((series, index) => {
      this.#written.add(index);
      return [seriesRecord(series, index), ...series.samples.map((sample) => sampleRecord(sample, index))];
    });
  }

  /** Drops the oldest sample of a series; false when there is none. */
  dropOldest(key: SeriesKey): boolean {
    const series = this.#series.find((series) => sameKey(series, key));
    if (series?.samples.shift() === undefined) return false;
    series.restored = Math.max(0, series.restored - 1);
    this.#count--;
    return true;
  }

  /** Moves the times of the samples of this start: those of an earlier one were dated by a clock that nobody knows now. */
  move(ms: number): void {
    for (const series of this.#series) series.samples.splice(0, series.samples.length, ...moved(series, ms));
  }

  /** Time of the earliest sample, unix milliseconds. */
  earliest(): number {
    return Math.min(...this.#series.flatMap(({ samples }) => samples.map(({ at }) => at)));
  }

  clear(): void {
    this.#series.length = 0;
    this.#written.clear();
    this.#count = 0;
  }

  #push(key: SeriesKey, sample: Sample): { readonly index: number; readonly length: number } {
    const known = this.#series.findIndex((series) => sameKey(series, key));
    const index = known < 0 ? this.#open(key) : known;
    this.#count++;
    return { index, length: this.#series[index]?.samples.push(sample) ?? 0 };
  }

  #open(key: SeriesKey): number {
    const { inverter, profile, registers } = key;
    return this.#series.push({ inverter, profile, registers: [...registers], samples: [], restored: 0 }) - 1;
  }
}

function seriesRecord({ inverter, profile, registers }: SeriesKey, index: number): LogRecord {
  return ["series", index, inverter, profile, registers];
}

function sampleRecord({ at, values }: Sample, index: number): LogRecord {
  return [index, at, ...values.map((value) => value ?? null)];
}

/** Samples whose clock was wrong by so much, but for the restored ones; no time lies before 1970. */
export function moved(
  { samples, restored }: { readonly samples: readonly Sample[]; readonly restored: number },
  ms: number,
): Sample[] {
  return samples.map((sample, index) => {
    return index < restored ? sample : { ...sample, at: Math.max(0, Math.round(sample.at + ms)) };
  });
}

function sameKey(a: SeriesKey, b: SeriesKey): boolean {
  return a.inverter === b.inverter && a.profile === b.profile && a.registers.length === b.registers.length &&
    a.registers.every((name, index) => name === b.registers[index]);
}
