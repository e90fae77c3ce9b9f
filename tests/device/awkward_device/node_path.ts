import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { openAcquisition } from "../../../device/acquisition/acquisition.ts";
import { FirstSample } from "../../../device/acquisition/first_sample.ts";
import { Period } from "../../../device/acquisition/period.ts";
import { BusConfig } from "../../../device/config/bus_config.ts";
import { busOf } from "../../../device/equipment/bus.ts";
import { invertersOf } from "../../../device/equipment/inverters.ts";
import type { Outbox } from "../../../device/outbox/outbox.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { AwkwardDevice } from "./device.ts";
import type { Fault, Transport } from "./faults.ts";
import { lockstep } from "./lockstep.ts";
import { serve } from "./served_line.ts";
import type { TrueInverter } from "./true_inverter.ts";

/** When one poll began and was over, ms since the start. */
export interface PollTime {
  readonly began: number;
  readonly over: number;
  /** Why it gave nothing, or not everything. */
  readonly fault?: string;
}

/** What a node made of a device. */
export interface NodeRun {
  readonly truth: TrueInverter;
  /** Unix ms of the start. */
  readonly startedAt: number;
  readonly polls: readonly PollTime[];
}

const log = getLogger(["test"]);

/** Polls a device so many times, as a node of this configuration does; its samples go to the outbox under `inverter`. */
export async function pollByNode(
  faults: readonly Fault[],
  transport: Transport,
  { inverter, outbox, polls, periodMs }: {
    readonly inverter: string;
    readonly outbox: Outbox;
    readonly polls: number;
    readonly periodMs: number;
  },
): Promise<NodeRun> {
  const clock = new FakeClock(undefined, lockstep);
  const device = new AwkwardDevice(faults, transport === "tcp" ? "tcp" : "rtu");
  await using line = serve(device, transport, clock);
  const config = configOf(faults, line.config, inverter);
  await using bus = busOf(config, { clock, log, ...(line.openSerial && { openSerial: line.openSerial }) });
  const [configured] = invertersOf(config, bus, { clock });
  assert.ok(configured);
  const times: PollTime[] = [];
  const acquisition = openAcquisition(configured, {
    period: new Period(periodMs),
    sink: outbox,
    observer: () => ({
      polled: ({ beganAt, poll: { fault } }) =>
        void times.push({ began: beganAt, over: clock.monotonic(), ...(fault && { fault: fault.message }) }),
    }),
    firstSample: new FirstSample(() => {}),
    store: { load: () => undefined, keep: () => {} },
    location: undefined,
    clock,
    log,
  });
  const startedAt = clock.now();
  const stop = new AbortController();
  const running = acquisition.run(stop.signal);
  await clock.advance(polls * periodMs - 1);
  stop.abort();
  await clock.until(running);
  return { truth: device.truth, startedAt, polls: times };
}

/** What a person would say of the device: what the node does not notice by itself, and, where more is wrong, what it names. */
function configOf(
  faults: readonly Fault[],
  line: (more: object) => Partial<BusConfig>,
  inverter: string,
): BusConfig {
  const quirks = faults.flatMap(({ quirk = [] }) => quirk).filter((quirk) =>
    faults.length > 1 || quirk === "ignore_unit_id"
  );
  const ignored = Object.fromEntries(quirks.map((quirk) => [quirk, true]));
  const maxRead = Math.min(...faults.map(({ maxRead = 125 }) => maxRead));
  return BusConfig.parse({ ...line(ignored), inverters: [{ name: inverter, profile: "sunspec", max_read: maxRead }] });
}
