import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Liveness } from "../../platform/liveness.ts";
import type { Location } from "../../protocol/night/sun.ts";
import type { ConfiguredInverter } from "../equipment/inverters.ts";
import type { Inverter } from "../inverter/inverter.ts";
import { Daybreak } from "./daybreak.ts";
import type { FirstSample } from "./first_sample.ts";
import type { Period } from "./period.ts";
import { Pulse } from "./pulse.ts";
import { type PollObserver, Sampler, type SampleSink } from "./sampler.ts";
import { type WakefulnessStore, Watch } from "./watch.ts";

/** Milliseconds between two polls of an inverter that sleeps, at least. */
const SLEEP_POLL_MS = 30_000;

/** Dependencies of the acquisition of one inverter. */
interface AcquisitionIo {
  /** Between two polls. */
  readonly period: Period;
  readonly sink: SampleSink;
  /** Whoever else hears of the polls: `watch` says whether silence means anything. */
  readonly observer: (watch: Watch) => PollObserver;
  readonly firstSample: FirstSample;
  readonly store: WakefulnessStore;
  readonly location: Location | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The acquisition of one inverter. */
export interface Acquisition {
  readonly inverter: Inverter;
  readonly watch: Watch;
  readonly sampler: Sampler;
  /** Whether its poll loop turns. */
  alive(): Liveness;
  /** Polls until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Puts together what polls one inverter, hands its samples on and watches over it. Nothing runs yet. */
export function openAcquisition(configured: ConfiguredInverter, io: AcquisitionIo): Acquisition {
  const { inverter, serial, patienceMs, config: { name } } = configured;
  const { period, sink, firstSample, store, location, clock, log } = io;
  const changed = (asleep: boolean) => {
    period.ease(asleep ? SLEEP_POLL_MS : 0);
    if (asleep) return;
    inverter.relearn();
    firstSample.expect();
  };
  const watch = new Watch({ inverter: name, serial, location, store, changed, clock, log });
  const pulse = new Pulse(name, patienceMs, clock);
  const daybreak = new Daybreak({ location, clock, begins: () => inverter.relearn() });
  const observers = [io.observer(watch), watch, firstSample, daybreak];
  const sampler = new Sampler({ name, inverter, sink, pulse, observers, clock });
  return {
    inverter,
    watch,
    sampler,
    alive: () => pulse.liveness(period),
    run: (signal) => sampler.run(period, signal),
  };
}
