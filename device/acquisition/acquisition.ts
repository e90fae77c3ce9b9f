import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Period } from "./period.ts";
import { Pulse } from "./pulse.ts";
import { Sampler } from "./sampler.ts";
import { Watch } from "./watch.ts";
import type { ConfiguredInverter } from "../equipment/buses.ts";
import type { NodeConfig } from "../config/node_config.ts";
import type { Inverter } from "../inverter/inverter.ts";
import type { ToldSink } from "../outbox/told_sink.ts";
import type { NodeSettings } from "../settings/node_settings.ts";
import type { WakefulnessStore } from "../store/wakefulness.ts";

/** What the samplers of a node stand on. */
export interface SamplersIo {
  readonly sink: ToldSink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: WakefulnessStore;
  readonly location: NodeConfig["location"];
  /** By inverter; filled here. */
  readonly watches: Map<string, Watch>;
}

/** Milliseconds between two polls of an inverter that sleeps, at least. */
const SLEEP_POLL_MS = 30_000;

/** The acquisition of one inverter. */
export interface Sampled {
  readonly inverter: Inverter;
  readonly pulse: Pulse;
  readonly watch: Watch;
  readonly sampler: Sampler;
  readonly period: Period;
}

/** The sampler and the poll interval of every inverter. */
export function samplersOf(
  inverters: readonly ConfiguredInverter[],
  settings: Pick<NodeSettings, "poll" | "watched">,
  io: SamplersIo,
): readonly Sampled[] {
  return inverters.map((configured) => {
    const { inverter, serial, config: { name } } = configured;
    const period = settings.poll(configured);
    const changed = (asleep: boolean) => {
      period.ease(asleep ? SLEEP_POLL_MS : 0);
      if (asleep) return;
      inverter.relearn();
      io.sink.tellNext();
    };
    const watch = new Watch({ ...io, inverter: name, serial, changed });
    io.watches.set(name, watch);
    const pulse = new Pulse(name, configured.patienceMs, io.clock);
    const poll = async (signal: AbortSignal) => {
      const poll = await pulse.during(() => settings.watched(configured, signal));
      if (!signal.aborted) watch.seen(poll);
      return poll;
    };
    return { inverter, pulse, watch, sampler: new Sampler({ name, poll }, io.sink), period };
  });
}
