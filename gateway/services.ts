import type { FirmwareRepository } from "../ota/repository/firmware_repository.ts";
import { openRepository } from "../ota/repository/repository.ts";
import { RateLimitedLog } from "../platform/rate_limited_log.ts";
import type { DeviceId } from "../protocol/device_id.ts";
import { type CommandNotifier, createCommandNotifier } from "./command/notifier.ts";
import { type CommandService, createCommandService } from "./command/command_service.ts";
import type { GatewayConfig } from "./config.ts";
import { createEnergyReader, type EnergyReader } from "./energy/energy_reader.ts";
import { localDays, machineTimeZone } from "./energy/local_days.ts";
import { createSuccession } from "./energy/succession.ts";
import { meteredSamples } from "./energy/metered_samples.ts";
import { createFirmwareRollouts, type FirmwareRollouts } from "./firmware/rollouts.ts";
import type { GatewayIo } from "./gateway_io.ts";
import { createInverters, type Inverters, type ListedInverters } from "./store/inverters.ts";
import { createInverterRemoval, type RemoveInverter } from "./management/inverter_removal.ts";
import { createManagement, type Management } from "./management/management.ts";
import { createGatewayMetrics, type GatewayMetrics, type GatewayMetricsIo } from "./metrics/gateway_metrics.ts";
import { createDeviceSettings, type DeviceSettings } from "./settings/device_settings.ts";
import { createSettingsRollouts, type SettingsRollouts } from "./settings/rollouts.ts";
import { createDeviceStates, type DeviceStates } from "./state/device_states.ts";
import { createFading } from "./state/fading.ts";
import type { SampleReviser, SampleSink } from "./store/port/sample_batch.ts";
import { createSampleReader, type SampleReader } from "./store/sample_reader.ts";
import type { Stores } from "./store/stores.ts";
import { type StoreTrouble, storeTrouble as troubleOf } from "./system/health.ts";

/** What a gateway does and what can be asked of it, each built once: whoever serves it shares these. */
export interface Services {
  readonly management: Management;
  readonly reader: SampleReader;
  readonly inverters: Inverters;
  readonly removeInverter: RemoveInverter;
  /** Keeps the energy of every inverter with its samples. */
  readonly samples: SampleSink & SampleReviser;
  readonly energy: EnergyReader;
  readonly states: DeviceStates;
  readonly notifier: CommandNotifier;
  readonly commandService: CommandService;
  readonly settings: DeviceSettings;
  readonly settingsRollouts: SettingsRollouts;
  readonly firmware: FirmwareRepository;
  readonly firmwareRollouts: FirmwareRollouts;
  /** Why samples cannot be stored now, if so. Never rejects. */
  readonly storeTrouble: () => Promise<StoreTrouble | undefined>;
}

/** What the services need beside the stores. */
interface ServicesOptions extends Pick<GatewayConfig, "location" | "time_zone"> {
  /** Since when devices can be heard of, unix milliseconds; left out where nobody listens: at the command line. */
  readonly listeningSince?: number;
}

type ServicesIo = Pick<GatewayIo, "dataDir" | "clock" | "random" | "log">;

export function createServices(stores: Stores, options: ServicesOptions, io: ServicesIo): Services {
  const { clock, random, log } = io;
  const { commit, devices, replay, tokens, commands, series, points, rollups, removedInverters: removed } = stores;
  const notifier = createCommandNotifier({ changes: stores.changes, clock });
  const reader = createSampleReader({ series, points, rollups, clock });
  const listed = listedInverters(stores);
  const inverters = createInverters({ series, points, listed, removed });
  return {
    management: createManagement({ devices, tokens, replay, commands, commit, clock }),
    reader,
    inverters,
    removeInverter: createInverterRemoval({ devices, inverters, listed, removed, commit, clock, log }),
    ...energyServices(stores, options),
    states: createStates(stores, options, { ...io, reader, inverters }),
    notifier,
    commandService: createCommandService({ commands, devices, inverters, commit, notifier, clock, random }),
    ...settingsServices(stores, { ...io, reader, inverters }),
    ...firmwareServices(stores, io),
    storeTrouble: createHealth(stores, io),
  };
}

/** As each node last told. */
function listedInverters({ devices, recordedStates }: Pick<Stores, "devices" | "recordedStates">): ListedInverters {
  return (deviceId) => {
    const device = devices.find(deviceId);
    const names = device && recordedStates.load(device).health?.inverters.map(({ inverter }) => inverter);
    return names === undefined || names.length === 0 ? undefined : new Set(names);
  };
}

/** The days of energy are those of the site. */
function energyServices(
  stores: Stores,
  { time_zone: timeZone = machineTimeZone() }: ServicesOptions,
): Pick<Services, "samples" | "energy"> {
  const { samples, energy, devices, profiles: { profileOf }, removedInverters } = stores;
  const days = localDays(timeZone);
  const registeredAt = (device: DeviceId) => devices.find(device)?.createdAt;
  return {
    samples: meteredSamples(samples, { energy, days, registeredAt, profileOf }),
    energy: createEnergyReader(
      { energy, listed: listedInverters(stores), removed: removedInverters.of },
      timeZone,
      days,
    ),
  };
}

function createStates(
  { recordedStates, quarantine, twins, energy, commit }: Stores,
  { location, listeningSince }: ServicesOptions,
  { reader, inverters, clock, log }: ServicesIo & Pick<Services, "reader" | "inverters">,
): DeviceStates {
  const { activity } = reader;
  const fadingOf = createFading({ inverters, reader });
  const since = listeningSince === undefined ? {} : { listeningSince };
  return createDeviceStates({
    recordedStates,
    quarantine,
    twins,
    commit,
    activity,
    inverters,
    listed: createSuccession(energy),
    fadingOf,
    location,
    clock,
    log,
    ...since,
  });
}

function settingsServices(
  { devices, twins, history, templates, labels, rollouts, commit }: Stores,
  { reader: { activity }, inverters, clock, log }: ServicesIo & Pick<Services, "reader" | "inverters">,
): Pick<Services, "settings" | "settingsRollouts"> {
  const desired = { devices, twins, history, inverters, commit, clock };
  const lastUploadAt = (deviceId: string) => activity(deviceId).lastReceivedAt;
  return {
    settings: createDeviceSettings(desired),
    settingsRollouts: createSettingsRollouts({ ...desired, templates, labels, rollouts, lastUploadAt, log }),
  };
}

function firmwareServices(
  { devices, labels, rollouts, firmwareSessions, commit }: Stores,
  { dataDir, random, clock, log }: ServicesIo,
): Pick<Services, "firmware" | "firmwareRollouts"> {
  const firmware = openRepository({ dataDir, random, clock });
  const io = { firmware, devices, labels, rollouts, firmwareSessions, commit, clock, log };
  return { firmware, firmwareRollouts: createFirmwareRollouts(io) };
}

function createHealth(
  { devices, commit, touch: write }: Stores,
  { dataDir, clock, log }: ServicesIo,
): () => Promise<StoreTrouble | undefined> {
  const trouble = new RateLimitedLog(log, clock);
  return () => troubleOf({ dataDir, commit, read: () => void devices.find("health"), write, trouble });
}

/** What is measured; `meters` where a gateway runs. */
export function createMetrics(
  { devices, securityLog, rollouts, firmwareSessions }: Stores,
  { states, reader, energy }: Services,
  running: Pick<GatewayMetricsIo, "meters" | "mqttLink">,
  { dataDir, version, clock }: Pick<GatewayIo, "dataDir" | "version" | "clock">,
): GatewayMetrics {
  const stored = { devices, securityLog, rollouts, firmwareSessions };
  return createGatewayMetrics({ ...stored, states, reader, energy, ...running, dataDir, version, clock });
}
