import type { Clock } from "../../platform/clock.ts";
import type { Sample } from "../../protocol/sample.ts";
import type { SeriesKey } from "../outbox/open_series.ts";
import type { Period } from "./period.ts";
import { keepSchedule } from "./schedule.ts";

/** What one poll of an inverter came to (a part of inverter/poll.ts). */
export type Polled =
  | {
    readonly kind: "read";
    readonly at: number;
    readonly profile: { readonly id: string };
    readonly columns: readonly string[];
    readonly values: readonly (number | undefined)[];
    /** What ended the poll early. */
    readonly fault?: { readonly message: string };
  }
  | { readonly kind: "nothing"; readonly fault: { readonly message: string } };

/** An inverter that can be polled. Never rejects. */
export interface Source {
  /** [A-Za-z0-9_.-]{1,64}, unique in the node. */
  readonly name: string;
  poll(signal: AbortSignal): Promise<Polled>;
}

/** Where samples go. Never throws, never waits. */
export interface SampleSink {
  append(key: SeriesKey, sample: Sample): void;
}

/** How the acquisition of one inverter is doing. */
export interface SamplerStatus {
  readonly inverter: string;
  readonly samples: number;
  /** Polls that gave nothing, in all and in a row. */
  readonly failures: number;
  readonly failuresInRow: number;
  /** Slots that passed while a poll took its time. */
  readonly missed: number;
  /** Unix milliseconds of the last sample. */
  readonly lastSampleAt?: number;
  /** Why the last poll gave nothing or not everything. */
  readonly lastFault?: string;
}

/** Polls one inverter on its schedule and hands the samples on. */
export class Sampler {
  readonly #source: Source;
  readonly #sink: SampleSink;
  #samples = 0;
  #failures = 0;
  #failuresInRow = 0;
  #missed = 0;
  #lastSampleAt: number | undefined;
  #lastFault: string | undefined;

  constructor(source: Source, sink: SampleSink) {
    this.#source = source;
    this.#sink = sink;
  }

  /** Polls until the signal aborts. The period may change at any time. */
  run(period: Period, io: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
    return keepSchedule({
      period,
      run: () => this.#poll(io.signal),
      missed: (slots) => void (this.#missed += slots),
    }, io);
  }

  status(): SamplerStatus {
    return {
      inverter: this.#source.name,
      samples: this.#samples,
      failures: this.#failures,
      failuresInRow: this.#failuresInRow,
      missed: this.#missed,
      ...(this.#lastSampleAt === undefined ? {} : { lastSampleAt: this.#lastSampleAt }),
      ...(this.#lastFault === undefined ? {} : { lastFault: this.#lastFault }),
    };
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const polled = await this.#source.poll(signal);
    this.#lastFault = polled.fault?.message;
    switch (polled.kind) {
      case "read":
        return this.#take(polled);
      case "nothing":
        return signal.aborted ? undefined : this.#failed();
      default:
        polled satisfies never;
    }
  }

  #take({ at, profile, columns, values }: Extract<Polled, { kind: "read" }>): void {
    const inverter = this.#source.name;
    this.#sink.append({ inverter, profile: profile.id, registers: columns }, { at, values });
    this.#samples++;
    this.#failuresInRow = 0;
    this.#lastSampleAt = at;
  }

  #failed(): void {
    this.#failures++;
    this.#failuresInRow++;
  }
}
