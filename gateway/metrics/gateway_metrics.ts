import type { Clock } from "../../platform/clock.ts";
import { expose, type Family, type Point } from "../../platform/metrics/exposition.ts";
import type { EnergyReader } from "../energy/energy_reader.ts";
import { activeUpdates, type UpdateStatusIo } from "../firmware/status.ts";
import type { MqttLink } from "../system/mqtt_link.ts";
import type { LatestValue } from "../store/latest_values.ts";
import type { SampleReader } from "../store/sample_reader.ts";
import type { Selection } from "../store/sample_selection.ts";
import type { DeviceStates } from "../state/device_states.ts";
import { diskRoom, storeBytes } from "../system/disk.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { SecurityLog } from "../store/security_log.ts";
import type { RolloutStore } from "../store/rollouts.ts";
import { deviceFamilies, type DeviceReading } from "./device_families.ts";
import type { GatewayMeters } from "./gateway_meters.ts";

/** Tells families of its own: a node in the same process. */
type MetricSource = () => readonly Family[];

/** What is measured, as Prometheus reads it. */
export interface GatewayMetrics {
  /** The page. */
  text(): Promise<string>;
  /** Adds somebody else's families to it, until disposed. */
  add(source: MetricSource): Disposable;
}

export interface GatewayMetricsIo extends UpdateStatusIo {
  readonly dataDir: string;
  readonly version: string;
  readonly meters?: GatewayMeters | undefined;
  readonly devices: Devices;
  readonly states: Pick<DeviceStates, "of">;
  readonly reader: Pick<SampleReader, "select" | "latest" | "activity">;
  readonly energy: Pick<EnergyReader, "of">;
  readonly securityLog: Pick<SecurityLog, "counts">;
  readonly rollouts: Readonly<Record<"settings" | "firmware", Pick<RolloutStore, "running">>>;
  /** `undefined`: no broker is configured. */
  readonly mqttLink: () => MqttLink | undefined;
  readonly clock: Clock;
}

/** Series that are read before others get their turn: a device may have one, or hundreds. */
const BATCH = 50;

export function createGatewayMetrics(io: GatewayMetricsIo): GatewayMetrics {
  const sources = new Set<MetricSource>();
  return {
    async text() {
      const readings: DeviceReading[] = [];
      const rest = createRests(io.clock);
      for (const device of io.devices.list()) readings.push(await readingOf(device, io, rest));
      return expose([
        ...ownFamilies(io),
        ...(io.meters?.families() ?? []),
        ...deviceFamilies(readings, io.clock.now()),
        ...[...sources].flatMap((source) => source()),
      ]);
    },
    add(source) {
      sources.add(source);
      return { [Symbol.dispose]: () => void sources.delete(source) };
    },
  };
}

/** Says that so many series were read; others get their turn when it were many. */
type Rest = (series: number) => Promise<void>;

function createRests(clock: Pick<Clock, "sleep">): Rest {
  let read = 0;
  return async (series) => {
    read += series;
    if (read < BATCH) return;
    read = 0;
    await clock.sleep(0);
  };
}

async function readingOf(device: Device, io: GatewayMetricsIo, rest: Rest): Promise<DeviceReading> {
  const { states, reader, energy, clock } = io;
  const { deviceId } = device;
  const now = clock.now();
  const selection = reader.select({ device: deviceId, from: 0, to: now });
  await rest(Math.max(1, selection.series.length));
  const values = await latestOf(selection, io, rest);
  return {
    device: deviceId,
    view: states.of(device),
    lastSampleAt: reader.activity(deviceId).lastSampleAt,
    values,
    energy: energy.of(deviceId, now).inverters.map(({ inverter, lifetimeWh }) => ({ inverter, wattHours: lifetimeWh })),
  };
}

/** The newest values of a selection, read so many series at a time. */
async function latestOf(
  selection: Selection,
  { reader, clock }: Pick<GatewayMetricsIo, "reader" | "clock">,
  rest: Rest,
): Promise<readonly LatestValue[]> {
  if (selection.series.length <= BATCH) return reader.latest(selection);
  const now = clock.now();
  const rank = ({ at }: LatestValue) => at > now ? -Infinity : at;
  const newest = new Map<string, LatestValue>();
  for (let from = 0; from < selection.series.length; from += BATCH) {
    for (const value of reader.latest({ ...selection, series: selection.series.slice(from, from + BATCH) })) {
      const name = `${value.inverter}\n${value.register}`;
      const known = newest.get(name);
      if (known === undefined || rank(known) <= rank(value)) newest.set(name, value);
    }
    await rest(BATCH);
  }
  return [...newest.values()];
}

function ownFamilies(io: GatewayMetricsIo): readonly Family[] {
  const gauge = (name: string, help: string, ...points: readonly Point[]): Family => {
    return { name: `ecowatt_${name}`, help, type: "gauge", points };
  };
  const counter = (name: string, help: string, ...points: readonly Point[]): Family => {
    return { name: `ecowatt_${name}`, help, type: "counter", points };
  };
  const mqtt = io.mqttLink();
  const validations = [...io.securityLog.counts()];
  return [
    gauge("build_info", "1, with the version of the program", { labels: { version: io.version }, value: 1 }),
    gauge("process_resident_memory_bytes", "Memory that the process holds", { value: Deno.memoryUsage().rss }),
    counter(
      "device_validations_total",
      "Device requests that were validated, by outcome",
      ...validations.map(([reason, value]) => ({ labels: { reason }, value })),
    ),
    gauge("gateway_store_bytes", "Size of the database and its log", { value: storeBytes(io.dataDir) }),
    gauge("gateway_disk_free_bytes", "Room on the disk of the database", { value: diskRoom(io.dataDir)?.freeBytes }),
    gauge("firmware_updates_active", "Devices that are on their way to another firmware", {
      value: activeUpdates(io).length,
    }),
    gauge(
      "rollouts_running",
      "Rollouts that are not over, by kind",
      { labels: { kind: "settings" }, value: io.rollouts.settings.running().length },
      { labels: { kind: "firmware" }, value: io.rollouts.firmware.running().length },
    ),
    gauge("mqtt_connected", "1 while the MQTT broker can be reached", { value: mqtt && Number(mqtt.connected) }),
    gauge("mqtt_waiting_messages", "Messages that wait for the broker", { value: mqtt?.waiting }),
    counter("mqtt_published_total", "Messages that the broker has taken", { value: mqtt?.published }),
    counter("mqtt_dropped_total", "Messages dropped because too many waited", { value: mqtt?.dropped }),
  ];
}
