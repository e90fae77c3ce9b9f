import type { Clock } from "../platform/clock.ts";
import { RateLimitedLog } from "../platform/rate_limited_log.ts";
import type { AppIo } from "./app.ts";
import type { CommandNotifier } from "./command/notifier.ts";
import { createCommandService } from "./command/command_service.ts";
import type { GatewayConfig } from "./config.ts";
import { agesOf } from "./tasks/retention.ts";
import { type EventStreams, NO_EVENTS } from "./dashboard/event_streams.ts";
import type { FirmwareRepository } from "../ota/repository/firmware_repository.ts";
import { openRepository } from "../ota/repository/repository.ts";
import { createFirmwareRolloutService } from "./firmware/rollouts.ts";
import { isStoreHealthy } from "./system/health.ts";
import type { Management } from "./management/management.ts";
import type { Mqtt } from "./mqtt/mqtt.ts";
import { createGatewayMetrics, type GatewayMetrics, type GatewayMetricsIo } from "./metrics/gateway_metrics.ts";
import { RecentLog } from "../platform/recent_log.ts";
import { createBackups } from "./system/backups.ts";
import { createSampleReader } from "./store/sample_reader.ts";
import { createDeviceSettings } from "./settings/device_settings.ts";
import { profilesOf } from "./settings/device_profiles.ts";
import { createSettingsRollouts } from "./settings/rollouts.ts";
import type { Device } from "./store/devices.ts";
import type { DeviceStates } from "./state/device_states.ts";
import { statesOf } from "./state/states_of.ts";
import type { Stores } from "./stores.ts";
import type { GatewayIo } from "./gateway_io.ts";

/** What `/status` says it can do. */
const FEATURES = [
  "signed_uploads",
  "legacy_uploads",
  "sample_blocks",
  "rollups",
  "energy",
  "csv",
  "operator_tokens",
  "openapi",
  "commands",
  "remote_settings",
  "settings_rollouts",
  "firmware",
  "firmware_rollouts",
  "mqtt",
];

/** What operators' routes share with the rest of a running gateway. */
export interface OperatorParts {
  readonly management: Management;
  readonly notifier: CommandNotifier;
  readonly mqtt?: Mqtt | undefined;
  /** How devices are doing; found out from the store alone when left out. */
  readonly states?: DeviceStates;
  /** Opened in the data directory when left out. */
  readonly firmware?: FirmwareRepository;
  /** None are told when left out. */
  readonly events?: EventStreams;
  /** Of the store alone when left out. */
  readonly metrics?: GatewayMetrics;
  /** When this gateway began to listen, unix milliseconds; left out where it does not: at the command line. */
  readonly startedAt?: number;
}

/** Everything the routes need, over open stores. */
export function appIo(
  config: GatewayConfig,
  io: GatewayIo,
  stores: Stores,
  {
    management,
    notifier,
    mqtt,
    states = statesOf(config, io, stores),
    firmware = openRepository(io),
    events = NO_EVENTS,
    metrics = metricsOf(io, stores, { mqtt, states }),
    startedAt,
  }: OperatorParts,
): AppIo {
  const reader = createSampleReader(stores);
  const { clock, random, log, version, dataDir } = io;
  const settingsIo = settingsIoOf(stores, clock);
  const trouble = new RateLimitedLog(log, clock);
  return {
    ...stores,
    firmware,
    firmwareRolloutService: createFirmwareRolloutService({ ...stores, firmware, clock, log }),
    management,
    states,
    events,
    metrics,
    commandService: createCommandService({ ...stores, clock, random, notifier }),
    settings: createDeviceSettings(settingsIo),
    settingsRollouts: createSettingsRollouts(settingsIo),
    reader,
    activity: reader.activity,
    clock,
    random,
    log,
    version,
    ages: agesOf(config),
    features: FEATURES,
    mqttConnected: () => mqtt?.stats().connected ?? false,
    mqttLink: () => mqtt?.link(),
    healthy: () =>
      isStoreHealthy({ dataDir, commit: stores.commit, read: () => void stores.devices.find("health"), trouble }),
    dataDir,
    config: startedAt === undefined ? {} : config,
    startedAt,
    recentLog: io.recentLog ?? new RecentLog(1),
    backups: createBackups(io),
  };
}

/** What is measured, over open stores. */
export function metricsOf(
  { dataDir, version, clock }: GatewayIo,
  stores: Stores,
  { mqtt, ...parts }: Pick<GatewayMetricsIo, "states" | "meters"> & { readonly mqtt: Mqtt | undefined },
): GatewayMetrics {
  const reader = createSampleReader(stores);
  return createGatewayMetrics({ ...stores, ...parts, reader, dataDir, version, clock, mqtt: () => mqtt?.stats() });
}

/** What settings of devices are read from and written to. */
export function settingsIoOf(stores: Stores, clock: Clock) {
  const { activity } = createSampleReader(stores);
  return {
    ...stores,
    clock,
    profilesOf: (device: Device) => profilesOf(device, stores),
    lastUploadAt: (deviceId: string) => activity(deviceId).lastReceivedAt,
  };
}
