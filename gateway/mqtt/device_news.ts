import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { EnergyReader } from "../energy/energy_reader.ts";
import type { DeviceStates } from "../state/device_states.ts";
import type { Devices } from "../store/devices.ts";
import { conditionMessage } from "./condition_payload.ts";
import { energyMessage } from "./energy_payload.ts";
import type { Message } from "./message.ts";
import type { Publisher } from "./publisher.ts";
import { GATEWAY_STATUS } from "./topics.ts";

export interface DeviceNewsIo {
  readonly publisher: Pick<Publisher, "put" | "retained">;
  readonly devices: Pick<Devices, "find" | "list">;
  readonly energy: EnergyReader;
  readonly states: Pick<DeviceStates, "of" | "listen">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Time between two looks at what is new. */
const LOOK_MS = 1_000;
/** A last will can overtake a fresh `online` when a connection is replaced: it is said again (seconds). */
const SAY_AGAIN_S = 60;
/** Seconds between two looks at everything. */
const CONDITION_S = 30;
/** Devices that are read before others get their turn. */
const BATCH = 50;

/** Publishes the energy and the condition of devices, and that the gateway is there, until `signal` aborts. */
interface DeviceNews {
  /** Samples of a device were stored. */
  stored(device: string): void;
  /** Never rejects. */
  readonly done: Promise<void>;
}

export function keepDeviceNews(io: DeviceNewsIo, signal: AbortSignal): DeviceNews {
  const touched = new Set<string>();
  return { stored: (device) => void touched.add(device), done: tellNews(touched, io, signal) };
}

/** Publishes a retained message unless the broker has it, or will. */
export function tell({ publisher }: Pick<DeviceNewsIo, "publisher">, message: Message): void {
  if (publisher.retained(message.topic) !== message.payload) publisher.put(message);
}

async function tellNews(touched: Set<string>, io: DeviceNewsIo, signal: AbortSignal): Promise<void> {
  const { publisher, states, clock, energy } = io;
  using _ = states.listen(({ deviceId }, view) => tell(io, conditionMessage(deviceId, view)));
  const inverters = new Map<string, number>();
  let day: string | undefined;
  for (let second = 0; !signal.aborted; second++) {
    const today = energy.dayOf(clock.now());
    // At the start, when the day's energy begins at 0 again, and for inverters whose state alone has changed.
    const all = day !== today || second % CONDITION_S === 0;
    day = today;
    const devices = all ? io.devices.list().map(({ deviceId }) => deviceId) : [...touched];
    touched.clear();
    await tellDevices(
      devices,
      (device, count) => {
        const known = inverters.get(device);
        inverters.set(device, count);
        return all || known !== count;
      },
      io,
      signal,
    );
    if (second > 0 && second % SAY_AGAIN_S === 0) {
      publisher.put({ topic: GATEWAY_STATUS, payload: "online", retain: true });
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

/** Whether a device's condition is to be told, given how many inverters it has. */
type WithCondition = (device: string, inverters: number) => boolean;

async function tellDevices(
  devices: readonly string[],
  withCondition: WithCondition,
  io: DeviceNewsIo,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = io;
  for (const [index, device] of devices.entries()) {
    if (index % BATCH === BATCH - 1) await clock.sleep(1, signal);
    if (signal.aborted) return;
    try {
      tellDevice(device, withCondition, io);
    } catch (error) {
      log.warn("news of {device} not published: {error}", { device, error });
    }
  }
}

function tellDevice(name: string, withCondition: WithCondition, io: DeviceNewsIo): void {
  const { devices, energy, states, clock } = io;
  const device = devices.find(name);
  if (!device) return;
  const now = clock.now();
  const { inverters } = energy.of(name, now);
  for (const inverter of inverters) tell(io, energyMessage(name, energy.dayOf(now), inverter));
  if (withCondition(name, inverters.length)) tell(io, conditionMessage(name, states.of(device)));
}
