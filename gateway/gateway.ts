import type { Liveness } from "../platform/liveness.ts";
import { RateLimitedLog } from "../platform/rate_limited_log.ts";
import { publishAddress } from "./data_dir/address_file.ts";
import { createApp, handlerOf } from "./app.ts";
import { type CommandNotifier, createCommandNotifier } from "./command/notifier.ts";
import { createCommandService } from "./command/command_service.ts";
import { createCommandRoutes } from "./command/device_routes.ts";
import type { GatewayConfig } from "./config.ts";
import { agesOf } from "./tasks/retention.ts";
import { readAssets, serveAssets } from "./dashboard/assets.ts";
import { createEventStreams } from "./dashboard/event_streams.ts";
import { createDevicePaths, dispatch } from "./http/device_paths.ts";
import { firmwareRoutes } from "./firmware/device_routes.ts";
import type { FirmwareRepository } from "../ota/repository/firmware_repository.ts";
import { openRepository } from "../ota/repository/repository.ts";
import { createFirmwareRolloutService } from "./firmware/rollouts.ts";
import { lockDirectory } from "./data_dir/directory_lock.ts";
import { storeLiveness } from "./system/health.ts";
import { createManagement, type Management } from "./management/management.ts";
import { type MqttIo, startMqtt } from "./mqtt/mqtt.ts";
import { GatewayMeters } from "./metrics/gateway_meters.ts";
import type { GatewayMetrics } from "./metrics/gateway_metrics.ts";
import { createSampleFeed, type SampleFeed } from "./ingest/sample_feed.ts";
import { keepRetention } from "./tasks/retention.ts";
import { createSampleReader } from "./store/sample_reader.ts";
import { settingsRoutes } from "./settings/device_routes.ts";
import { createDeviceSettings } from "./settings/device_settings.ts";
import { keepRollouts } from "./tasks/rollouts.ts";
import { type Handler, startServer } from "./http/server.ts";
import { prepareGatewayDatabase } from "./store/database.ts";
import type { Role } from "./store/tokens.ts";
import type { DeviceStates } from "./state/device_states.ts";
import { statesOf } from "./state/states_of.ts";
import { keepReview } from "./tasks/review.ts";
import { openStores, type Stores, type StoresOptions } from "./stores.ts";

import { appIo, metricsOf, settingsIoOf } from "./app_io.ts";
import type { GatewayIo } from "./gateway_io.ts";
/** A running gateway. Disposing stops it within a second; what was acknowledged is on disk. */
export interface Gateway extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** `http://…`, to be reached at from this machine. */
  readonly url: string;
  readonly management: Management;
  /** The dashboard's address with a code that logs a browser in, once, within 10 minutes. */
  loginLink(role: Role): Promise<string>;
  /** Whether the store answers. Never rejects; settles never when the store hangs, so whoever asks sets a deadline. */
  alive(): Promise<Liveness>;
  /** Where the embedded MQTT broker listens, if there is one. */
  readonly mqttPort: number | undefined;
  /** What `/metrics` shows; a node in the same process adds its own. */
  readonly metrics: GatewayMetrics;
}

/**
 * Starts the gateway role: opens the stores, listens, and deletes what is too old. Throws one clear line when the port or
 * the data directory is taken or cannot be used.
 */
export async function startGateway(config: GatewayConfig, io: GatewayIo): Promise<Gateway> {
  const { dataDir, clock, log } = io;
  await using cleanup = new AsyncDisposableStack();
  cleanup.use(lockDirectory(dataDir));
  await prepareGatewayDatabase(dataDir, { onTrial: io.onTrial ?? false, log });
  const meters = new GatewayMeters();
  const took = (ms: number) => meters.committed(ms);
  const stores = cleanup.use(await openStores(dataDir, { ...storesOptions(config, io), meter: { clock, took } }));
  const stop = new AbortController();
  const management = createManagement({ ...stores, clock });
  await stores.commit.run(() => stores.commands.writes.setLimit(config.writes_per_day));
  const notifier = createCommandNotifier({ db: stores.db, clock });
  const feed = createSampleFeed(log);
  const states = statesOf(config, io, stores, clock.now());
  const firmware = openRepository(io);
  const mqtt = cleanup.use(await startMqtt(config.mqtt, mqttIo(io, stores, { feed, notifier, states, firmware })));
  const events = createEventStreams({ feed, db: stores.db, clock, log, signal: stop.signal });
  const metrics = metricsOf(io, stores, { mqtt, states, meters });
  cleanup.use(feed.listen((batches) => meters.stored(batches)));
  const api = appIo(config, io, stores, {
    management,
    notifier,
    mqtt,
    states,
    firmware,
    events,
    metrics,
    startedAt: clock.now(),
  });
  const paths = devicePaths(config, io, stores, {
    signal: stop.signal,
    notifier,
    feed,
    states,
    publishes: mqtt !== undefined,
    firmware,
  });
  const { host: hostname, port } = config;
  const answer = dispatch(paths, serveAssets(readAssets(), handlerOf(createApp(api))));
  const handler = meters.counting(answer, new Set(paths.keys()));
  const server = cleanup.use(startServer({ hostname, port, handler, log }));
  const retention = keepRetention(agesOf(config), { ...stores, clock, log }, stop.signal);
  const rollouts = keepRollouts({ rollouts: api.settingsRollouts, clock, log }, stop.signal);
  const updates = keepRollouts({ rollouts: api.firmwareRolloutService, clock, log }, stop.signal);
  const reviews = keepReview({ states, devices: stores.devices, clock, log }, stop.signal);
  cleanup.defer(() => Promise.all([retention, rollouts, updates, reviews]).then(() => {}));
  cleanup.defer(() => stop.abort());
  const url = urlOf(server.hostname, server.port);
  cleanup.use(publishAddress(dataDir, url));
  const running = cleanup.move();
  log.info("gateway listens {host} {port}", { host: server.hostname, port: server.port });
  return {
    hostname: server.hostname,
    port: server.port,
    url,
    management,
    loginLink: async (role) => {
      const made = await stores.commit.run(() => stores.sessions.addLink({ token: undefined, role }, clock.now()));
      return `${url}/#/login/${made.code}`;
    },
    alive: () => storeLiveness(stores.commit, () => void stores.devices.find("health")),
    mqttPort: mqtt?.port,
    metrics,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function storesOptions(
  { security_log_rows: securityLogRows, time_zone: timeZone }: GatewayConfig,
  { random, allowPublishedKeys, clock, log }: GatewayIo,
): StoresOptions {
  const disk = new RateLimitedLog(log, clock);
  const watch = (error: Error | undefined) =>
    error
      ? disk.happened("the disk takes no writes, uploads are refused until it does: {error}", { error }, "error")
      : disk.ended("the disk takes writes again");
  return {
    random,
    securityLogRows,
    watch,
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(allowPublishedKeys === undefined ? {} : { allowPublishedKeys }),
  };
}

/** What devices' routes share with the rest of a running gateway. */
interface DeviceParts {
  readonly signal: AbortSignal;
  readonly notifier: CommandNotifier;
  readonly feed: SampleFeed;
  readonly states: DeviceStates;
  readonly publishes: boolean;
  readonly firmware: FirmwareRepository;
}

function devicePaths(
  config: GatewayConfig,
  { clock, log }: GatewayIo,
  stores: Stores,
  { notifier, firmware, states, ...parts }: DeviceParts,
): ReadonlyMap<string, Handler> {
  const limits = { maxBytes: config.body_limit_bytes, timeoutMs: 1000 * config.body_timeout_s };
  const routes = [
    ...createCommandRoutes({ ...stores, notifier, clock }),
    ...settingsRoutes({ ...stores, told: states.told, log }),
    ...firmwareRoutes({ ...stores, firmware, log, upSince: clock.now() }),
  ];
  const shared = { ...stores, commits: stores.commit, clock, log, limits, heard: states.heard };
  return createDevicePaths({ ...shared, ...parts }, routes);
}

function mqttIo(
  { clock, random, log, version }: GatewayIo,
  stores: Stores,
  { notifier, ...parts }: Pick<DeviceParts, "feed" | "notifier" | "states" | "firmware">,
): MqttIo {
  const { activity } = createSampleReader(stores);
  const settings = createDeviceSettings(settingsIoOf(stores, clock));
  const commandService = createCommandService({ ...stores, clock, random, notifier });
  const rollouts = createFirmwareRolloutService({ ...stores, firmware: parts.firmware, clock, log });
  return { ...stores, ...parts, activity, settings, commandService, rollouts, clock, random, log, version };
}

/** An address that means all is reached at the loopback. */
function urlOf(hostname: string, port: number): string {
  const host = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
