import type { Liveness } from "../platform/liveness.ts";
import { RateLimitedLog } from "../platform/rate_limited_log.ts";
import { isReadOnly, untilWritable } from "../platform/read_only.ts";
import { createEventStreams } from "./api/event_streams.ts";
import { createApp, handlerOf } from "./app.ts";
import type { GatewayConfig } from "./config.ts";
import { readAssets, serveAssets } from "./dashboard/assets.ts";
import { publishAddress } from "./data_dir/address_file.ts";
import { lockDirectory } from "./store/directory_lock.ts";
import { createDeviceApi } from "./device_api.ts";
import type { GatewayIo } from "./gateway_io.ts";
import { dispatch } from "./http/device_paths.ts";
import { type Handler, startServer } from "./http/server.ts";
import { createSampleFeed, type SampleFeed } from "./ingest/sample_feed.ts";
import type { Management } from "./management/management.ts";
import { GatewayMeters } from "./metrics/gateway_meters.ts";
import type { GatewayMetrics } from "./metrics/gateway_metrics.ts";
import { type Mqtt, startMqtt } from "./mqtt/mqtt.ts";
import { createMetrics, createServices, type Services } from "./services.ts";
import { prepareGatewayDatabase } from "./store/database.ts";
import { openStores, type Stores } from "./store/stores.ts";
import type { Role } from "./store/tokens.ts";
import { storeLiveness } from "./system/health.ts";
import { listenerLiveness } from "./system/listener.ts";
import type { MqttLink } from "./system/mqtt_link.ts";
import { agesOf, keepRetention } from "./tasks/retention.ts";
import { keepReview } from "./tasks/review.ts";
import { keepRollouts } from "./tasks/rollouts.ts";
import { keepSecurityLog } from "./tasks/security_log.ts";

/** A running gateway. Disposing stops it within a second; what was acknowledged is on disk. */
export interface Gateway extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** `http://…`, to be reached at from this machine. */
  readonly url: string;
  readonly management: Management;
  /** The dashboard's address with a code that logs a browser in, once, within 10 minutes. */
  loginLink(role: Role): Promise<string>;
  /**
   * Whether the store answers, and who connects is answered. Never rejects; settles never when the store hangs, so whoever
   * asks sets a deadline.
   */
  alive(): Promise<Liveness>;
  /** Where the embedded MQTT broker listens, if there is one. */
  readonly mqttPort: number | undefined;
  /** What `/metrics` shows; a node in the same process adds its own. */
  readonly metrics: GatewayMetrics;
  /**
   * Only of a gateway that found its disk read-only, so that it answers reads and refuses writes: resolves when the disk takes
   * writes, for which it has to be started anew. Never resolves when it is stopped before.
   */
  readonly writable?: Promise<void>;
}

/**
 * Starts the gateway role: opens the stores, listens, and deletes what is too old. Throws one clear line when the port or
 * the data directory is taken or cannot be used.
 */
export async function startGateway(config: GatewayConfig, io: GatewayIo): Promise<Gateway> {
  const { dataDir, clock, log } = io;
  await using cleanup = new AsyncDisposableStack();
  const readOnly = await isReadOnly(dataDir);
  if (readOnly) {
    log.error("the disk of {dataDir} is read-only: what is stored is shown, uploads are refused", { dataDir });
  } else await takeDirectory(io, cleanup);
  const meters = new GatewayMeters();
  const stores = cleanup.use(await openGatewayStores(config, { ...io, readOnly }, meters));
  const startedAt = clock.now();
  const services = createServices(stores, { ...config, listeningSince: startedAt }, io);
  const feed = createSampleFeed(log);
  const mqtt = cleanup.use(await openMqtt({ config, io, stores, services, feed }));
  const mqttLink = () => mqtt?.link();
  const metrics = createMetrics(stores, services, { meters, mqttLink }, io);
  cleanup.use(feed.listen((batches) => meters.stored(batches)));
  const stop = new AbortController();
  const parts = { config, io, stores, services, feed, meters, metrics, mqttLink, startedAt, signal: stop.signal };
  const { host: hostname, port } = config;
  const server = cleanup.use(startServer({ hostname, port, handler: createHandler(parts), clock, log }));
  const tasks = startTasks(parts);
  cleanup.defer(() => tasks);
  cleanup.defer(() => stop.abort());
  const url = urlOf(server.hostname, server.port);
  if (!readOnly) cleanup.use(publishAddress(dataDir, url));
  const running = cleanup.move();
  log.info("gateway listens {host} {port}", { host: server.hostname, port: server.port });
  return {
    hostname: server.hostname,
    port: server.port,
    url,
    management: services.management,
    loginLink: async (role) => `${url}/#/login/${await newLoginCode(stores, role, clock.now())}`,
    async alive() {
      const store = await storeLiveness(stores.commit, () => void stores.devices.find("health"));
      return store.alive ? await listenerLiveness({ hostname: reachable(server.hostname), port: server.port }) : store;
    },
    mqttPort: mqtt?.port,
    metrics,
    ...(readOnly && { writable: untilWritable(dataDir, { clock, signal: stop.signal }) }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Keeps others out of the data directory, and has its database be one that this program can use. */
async function takeDirectory(
  { dataDir, onTrial = false, log }: GatewayIo,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  cleanup.use(lockDirectory(dataDir));
  await prepareGatewayDatabase(dataDir, { onTrial, log });
}

/** Opens the stores of a gateway that runs, and tells the log when their disk takes no writes. */
async function openGatewayStores(
  { security_log_rows: securityLogRows, writes_per_day: writesPerDay }: GatewayConfig,
  { dataDir, random, clock, log, allowPublishedKeys, readOnly }: GatewayIo & { readonly readOnly: boolean },
  meters: GatewayMeters,
): Promise<Stores> {
  const disk = new RateLimitedLog(log, clock);
  const watch = (error: Error | undefined) =>
    error
      ? disk.happened("the disk takes no writes, uploads are refused until it does: {error}", { error }, "error")
      : disk.ended("the disk takes writes again");
  const warn = (warning: string) => log.warn("{warning}", { warning });
  const took = (ms: number) => meters.committed(ms);
  await using opening = new AsyncDisposableStack();
  const stores = opening.use(
    await openStores(dataDir, { random, clock, securityLogRows, allowPublishedKeys, readOnly, watch, warn, took }),
  );
  if (!readOnly) await stores.commit.run(() => stores.commands.writes.setLimit(writesPerDay));
  opening.move();
  return stores;
}

/** What was built of a gateway, for what is built on it. */
interface Parts {
  readonly config: GatewayConfig;
  readonly io: GatewayIo;
  readonly stores: Stores;
  readonly services: Services;
  readonly feed: SampleFeed;
}

function openMqtt({ config, io, stores, services, feed }: Parts): Promise<Mqtt | undefined> {
  const { devices, announcements, twins, firmwareSessions, commit, profiles: { profileOf } } = stores;
  const { reader, inverters, energy, states, settings, commandService, firmware, firmwareRollouts } = services;
  const { clock, random, log, version } = io;
  return startMqtt(config.mqtt, {
    devices,
    announcements,
    twins,
    firmwareSessions,
    commit,
    feed,
    profileOf,
    activity: reader.activity,
    inverters,
    energy,
    states,
    settings,
    commandService,
    firmware,
    rollouts: firmwareRollouts,
    clock,
    random,
    log,
    version,
  });
}

interface ServedParts extends Parts {
  readonly meters: GatewayMeters;
  readonly metrics: GatewayMetrics;
  /** `undefined`: MQTT is off. */
  readonly mqttLink: () => MqttLink | undefined;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Ends what waits and what is kept up. */
  readonly signal: AbortSignal;
}

/** Everything that is served on the one port: devices, then the dashboard's page, then operators. */
function createHandler(parts: ServedParts): Handler {
  const { config, io, stores, services, feed, meters, metrics, mqttLink, startedAt, signal } = parts;
  const { changes, changeReader, tokens, profiles: { profileOf } } = stores;
  const { clock, log } = io;
  const limits = { maxBytes: config.body_limit_bytes, timeoutMs: 1000 * config.body_timeout_s };
  const devices = createDeviceApi({ stores, services, feed, publishes: mqttLink() !== undefined, limits, signal, io });
  const events = createEventStreams({ feed, profileOf, changes, changeReader, clock, log, signal });
  const started = { config, at: startedAt };
  const app = createApp({ stores, services, tokens, metrics, events, mqttLink, ages: agesOf(config), started, io });
  const answer = dispatch(devices, serveAssets(readAssets(), handlerOf(app)));
  return meters.counting(answer, new Set(devices.keys()));
}

/** What goes on as long as the gateway runs. Never rejects. */
async function startTasks({ config, io, stores, services, signal }: ServedParts): Promise<void> {
  const { clock, log } = io;
  const { retention, profiles, devices, securityLog, commit } = stores;
  const { states, settingsRollouts, firmwareRollouts } = services;
  await Promise.all([
    keepRetention(agesOf(config), { retention, profiles, commit, clock, log }, signal),
    keepRollouts({ rollouts: settingsRollouts, clock, log }, signal),
    keepRollouts({ rollouts: firmwareRollouts, clock, log }, signal),
    keepReview({ states, devices, clock, log }, signal),
    keepSecurityLog({ securityLog, commit, clock, log }, signal),
  ]);
}

async function newLoginCode({ sessions, commit }: Stores, role: Role, now: number): Promise<string> {
  return (await commit.run(() => sessions.addLink({ token: undefined, role }, now))).code;
}

/** An address that means all is reached at the loopback. */
function reachable(hostname: string): string {
  return hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
}

function urlOf(hostname: string, port: number): string {
  const host = reachable(hostname);
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
