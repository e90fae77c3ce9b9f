import type { Clock } from "../../platform/clock.ts";
import type { Sample } from "../../protocol/sample.ts";
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

/** What is left of a slot for another try, at least, and the pause before the first one, milliseconds. */
const TRY_MS = 250, PAUSE_MS = 500;

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
    const { pulse, observers, clock } = this.#io;
    const beganAt = clock.monotonic();
    const poll = await pulse.during(() => this.#answered(beganAt + period.ms, signal));
    this.#lastFault = poll.fault?.message;
    if (poll.kind === "read") this.#take(poll);
    if (signal.aborted) return;
    if (poll.kind === "nothing") this.#failed();
    for (const observer of observers) observer.polled({ poll, beganAt });
  }

  /** Asks until there is something to store, as long as there is time for another try before the next slot. */
  async #answered(end: number, signal: AbortSignal): Promise<Poll> {
    const { inverter, clock } = this.#io;
    for (let tries = 0;; tries++) {
      const poll = await inverter.poll(signal);
      const pauseMs = pauseAfter(poll, PAUSE_MS * 2 ** tries, clock.now());
      if (pauseMs === undefined || clock.monotonic() + pauseMs + TRY_MS > end) return poll;
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return poll;
    }
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

/** Milliseconds until the inverter may be asked again which did not answer; `undefined`: it would say the same. */
function pauseAfter({ kind, fault }: Poll, leastMs: number, now: number): number | undefined {
  if (kind === "read") return undefined;
  switch (fault.kind) {
    case "offline":
    case "line":
      return Math.max(leastMs, fault.retryAt - now);
    case "timeout":
    case "crc":
    case "foreign":
    case "exception":
    case "map_changed":
      return leastMs;
    case "refused":
    case "aborted":
    case "not_sunspec":
    case "misfit":
    case "registers":
    case "no_values":
      return undefined;
    default:
      return fault satisfies never;
  }
}
