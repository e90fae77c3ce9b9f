import type { Clock } from "../../platform/clock.ts";
import type { Sample } from "../../protocol/sample.ts";
import { pollUntil } from "../inverter/patient_poll.ts";
import type { Poll } from "../inverter/poll.ts";
import type { SeriesKey } from "../outbox/open_series.ts";
import type { Period } from "./period.ts";
import type { Pulse } from "./pulse.ts";
import { keepSchedule } from "./schedule.ts";

/** A poll of an inverter that is over. */
export interface PollReport {
  readonly poll: Poll;
  /** When it began, milliseconds of the monotonic clock. */
  readonly beganAt: number;
}

/**
 * Hears of every poll of one inverter, once, when it is over and its sample is in the sink; of none that ends because the
 * program does. Never throws.
 */
export interface PollObserver {
  polled(report: PollReport): void;
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

/** Dependencies of a sampler. */
interface SamplerIo {
  /** Of the inverter: [A-Za-z0-9_.-]{1,64}, unique in the node. */
  readonly name: string;
  /** Polls never reject. */
  readonly inverter: { poll(signal: AbortSignal): Promise<Poll> };
  readonly sink: SampleSink;
  readonly pulse: Pulse;
  readonly observers: readonly PollObserver[];
  readonly clock: Clock;
}

/** Polls one inverter on its schedule, hands the samples on and tells the observers. */
export class Sampler {
  readonly #io: SamplerIo;
  #samples = 0;
  #failures = 0;
  #failuresInRow = 0;
  #missed = 0;
  #lastSampleAt: number | undefined;
  #lastFault: string | undefined;

  constructor(io: SamplerIo) {
    this.#io = io;
  }

  /** Polls until the signal aborts. The period may change at any time. */
  run(period: Period, signal: AbortSignal): Promise<void> {
    return keepSchedule({
      period,
      run: () => this.#poll(period, signal),
      missed: (slots) => void (this.#missed += slots),
    }, { clock: this.#io.clock, signal });
  }

  status(): SamplerStatus {
    return {
      inverter: this.#io.name,
      samples: this.#samples,
      failures: this.#failures,
      failuresInRow: this.#failuresInRow,
      missed: this.#missed,
      ...(this.#lastSampleAt === undefined ? {} : { lastSampleAt: this.#lastSampleAt }),
      ...(this.#lastFault === undefined ? {} : { lastFault: this.#lastFault }),
    };
  }

  async #poll(period: Period, signal: AbortSignal): Promise<void> {
    const { inverter, pulse, observers, clock } = this.#io;
    const beganAt = clock.monotonic();
    const poll = await pulse.during(() => pollUntil(inverter, { end: beganAt + period.ms, clock, signal }));
    this.#lastFault = poll.fault?.message;
    if (poll.kind === "read") this.#take(poll);
    if (signal.aborted) return;
    if (poll.kind === "nothing") this.#failed();
    for (const observer of observers) observer.polled({ poll, beganAt });
  }

  #take({ at, profile, columns, values }: Extract<Poll, { kind: "read" }>): void {
    const { name, sink } = this.#io;
    sink.append({ inverter: name, profile: profile.id, registers: columns }, { at, values });
    this.#samples++;
    this.#failuresInRow = 0;
    this.#lastSampleAt = at;
  }

  #failed(): void {
    this.#failures++;
    this.#failuresInRow++;
  }
}
