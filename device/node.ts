import { join } from "node:path";
import { loadDeviceKey } from "../keys/device_key.ts";
import type { DeviceKey } from "../protocol/device_signature.ts";
import { trustingFetch } from "../platform/certificates.ts";
import type { Liveness } from "../platform/liveness.ts";
import { isReadOnly, untilWritable } from "../platform/read_only.ts";
import type { Family } from "../platform/metrics/exposition.ts";
import { backupConnection } from "../platform/sqlite_backup.ts";
import { knownProfile } from "../profiles/known_profile.ts";
import { type Library, machineLibrary } from "../profiles/library.ts";
import { openAcquisition } from "./acquisition/acquisition.ts";
import { FirstSample } from "./acquisition/first_sample.ts";
import { keepSchedule } from "./acquisition/schedule.ts";
import { CommandRunner } from "./command/command_runner.ts";
import type { NodeConfig } from "./config/node_config.ts";
import { busOf } from "./equipment/bus.ts";
import { type ConfiguredInverter, invertersOf, writtenProfiles } from "./equipment/inverters.ts";
import type { Inverter } from "./inverter/inverter.ts";
import { openLocalService } from "./local_service/local_service.ts";
import { serveMetrics } from "./metrics/metrics_server.ts";
import { nodeFamilies } from "./metrics/node_families.ts";
import { NodeMeters } from "./metrics/node_meters.ts";
import type { BusExchange } from "./modbus/exchange.ts";
import type { NodeIo } from "./node_io.ts";
import { createDating, type MachineStart, sameStart } from "./outbox/dating.ts";
import { Outbox } from "./outbox/outbox.ts";
import { SettingsLink } from "./settings/link.ts";
import { NodeSettings } from "./settings/node_settings.ts";
import { FormerNames } from "./equipment/former_names.ts";
import { nodeHealth } from "./status/node_health.ts";
import { type NodeStatus, nodeStatus } from "./status/node_status.ts";
import { openBoundAnswers } from "./store/bound_answers.ts";
import { type NodeStore, openNodeStore } from "./store/node_store.ts";
import { keepProfileDocuments } from "./store/profile_documents.ts";
import { programHealth } from "./update/program_health.ts";
import { openUpdater } from "./update/updater.ts";
import { GatewayClient } from "./uplink/gateway_client.ts";
import type { GatewayObserver } from "./uplink/exchange.ts";
import { GatewayLog } from "./uplink/gateway_log.ts";
import { NodeClock } from "./uplink/node_clock.ts";
import { Notifier } from "./uplink/notifier.ts";
import { ProfileCarrier } from "./uplink/profile_carrier.ts";
import { type Probe, probeGateway } from "./uplink/probe.ts";
import { Uplink } from "./uplink/uplink.ts";

/** A running acquisition node. Disposing it stops it within a second; samples not uploaded are on disk then. */
export interface Node extends AsyncDisposable {
  status(): NodeStatus;
  /** Whether every poll loop turns and the store answers; a silent inverter, gateway or full disk is no death. */
  alive(): Liveness;
  /** Whether the gateway takes this node's signature now. Rejects when the disk refuses. */
  probe(signal: AbortSignal): Promise<Probe>;
  /** Copies the database, the samples of the last seconds included, to a new file. It may be large: everything waits. */
  backup(destination: string): Promise<void>;
  /** What it measures of itself. */
  metrics(): readonly Family[];
  /** Where it shows that to Prometheus, if the configuration says so. */
  readonly metricsPort: number | undefined;
  /**
   * Only of a node that found its disk read-only, so that it polls, keeps what it can in memory, and neither uploads nor takes
   * commands: resolves when the disk takes writes, for which it has to be started anew. Never resolves when it is stopped before.
   */
  readonly writable?: Promise<void>;
}

/** Starts polling and uploading. Throws an `Error` for people: a key that cannot be read, a data directory in use. */
export async function startNode(config: NodeConfig, machine: NodeIo): Promise<Node> {
  const io = { ...machine, clock: new NodeClock(machine) };
  await using opening = new AsyncDisposableStack();
  const { dataDir, clock, random, log } = io;
  const readOnly = await isReadOnly(dataDir);
  if (readOnly) log.error("the disk of {dataDir} is read-only: samples are kept in memory, within bounds", { dataDir });
  const parts = await openParts(config, { ...io, readOnly }, opening);
  const { device, gateway, commands } = parts;
  const stop = new AbortController();
  const running = run(parts, io, stop.signal);
  opening.defer(() => running);
  opening.defer(() => stop.abort());
  log.info("node started: {device}, {inverters} inverters", { device, inverters: parts.acquisitions.length });

  const node = viewOf(parts, io);
  const page = { families: node.metrics, clock, log };
  const metricsPort = config.metrics && opening.use(serveMetrics({ ...config.metrics, ...page })).port;
  opening.use(openLocalService({ dataDir, node, random, clock, log }));
  if (io.update && !readOnly) {
    const { config, program, log } = io.update;
    const health = () => programHealth(node.status());
    const rest = () => commands.rest();
    opening.use(await openUpdater(config, { device, gateway, program, health, rest, clock, random, log }));
  }
  const opened = opening.move();
  const writable = readOnly && { writable: untilWritable(dataDir, { clock, signal: stop.signal }) };
  return { ...node, metricsPort, ...writable, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

type NodeParts = Awaited<ReturnType<typeof openParts>>;

/** What the parts of a node are given. */
interface PartsIo extends NodeIo {
  readonly clock: NodeClock;
}

interface StoredPartsIo extends PartsIo {
  /** Whether the disk takes no writes. */
  readonly readOnly: boolean;
}

/** Puts a node together: each part once, in the order in which they need each other. Nothing runs yet. */
async function openParts(config: NodeConfig, io: StoredPartsIo, opening: AsyncDisposableStack) {
  const { dataDir, readOnly, clock, random, log } = io;
  const key = await loadDeviceKey(config, dataDir);
  const device = key.deviceId;

  const store = opening.use(await openNodeStore(dataDir, { onTrial: io.onTrial ?? false, readOnly, log }));
  const known = sameStart(store.machineStarts, clock);
  const outbox = opening.use(await openOutbox(config, store, { ...io, known }));
  const dating = createDating({ outbox, starts: store.machineStarts, known, clock, log });

  const meters = new NodeMeters(clock);
  const library = io.library ?? machineLibrary;
  const inverters = openInverters(config, { store, meters, library, clock, log }, opening);
  const settings = new NodeSettings({ config, inverters, store: store.settings, clock, log });

  const observers = [clock, meters, new GatewayLog({ log, clock }), settings];
  const gateway = await openGatewayClient(config, key, { ...io, store, observers }, opening);
  const notifier = new Notifier();
  outbox.seal(); // the profiles of what an earlier run left are needed yet
  const documents = keepProfileDocuments(store.db, writtenProfiles(config.buses, library), readOnly);
  const isCommon = (profile: string) => knownProfile(profile) !== undefined;
  const profiles = new ProfileCarrier({ device, gateway, documents, isCommon, clock, log });
  const uplink = new Uplink({ device, gateway, outbox, profiles, notifier, clock, random, log });
  const upload = () => {
    outbox.seal();
    notifier.ring();
  };

  const acquisitions = openAcquisitions(config, inverters, { settings, sink: outbox, upload, store, clock, log });

  clock.listen((ms) => {
    dating.moved(ms);
    for (const { watch } of acquisitions) watch.redate(ms);
  });
  const formerNames = new FormerNames({ inverters, identities: store.identities, log });
  const health = () => nodeHealth({ acquisitions, outbox, formerNames, settings });
  const { settings: reports, journal } = store;
  const settingsLink = new SettingsLink({ device, gateway, settings, reports, health, clock, random, log });
  const commands = new CommandRunner({ device, gateway, inverters: byName(inverters), journal, clock, random, log });
  return {
    device,
    store,
    outbox,
    dating,
    meters,
    settings,
    gateway,
    uplink,
    upload,
    acquisitions,
    settingsLink,
    commands,
  };
}

interface GatewayClientIo extends PartsIo {
  readonly store: NodeStore;
  readonly observers: readonly GatewayObserver[];
}

async function openGatewayClient(
  { gateway: url, ca_file }: NodeConfig,
  key: DeviceKey,
  { store, observers, clock, random, ...io }: GatewayClientIo,
  opening: AsyncDisposableStack,
): Promise<GatewayClient> {
  const { fetch } = ca_file === undefined ? io : opening.use(await trustingFetch(ca_file, io.fetch));
  const bound = await openBoundAnswers(store.db, key);
  return new GatewayClient({ url, key, sequence: store.sequence, bound, clock, random, fetch, observers });
}

interface AcquisitionsIo extends Pick<NodeIo, "clock" | "log"> {
  readonly settings: NodeSettings;
  readonly sink: Outbox;
  readonly upload: () => void;
  readonly store: NodeStore;
}

function openAcquisitions(
  { location }: NodeConfig,
  inverters: readonly ConfiguredInverter[],
  { settings, sink, upload, store: { wakefulness: store }, clock, log }: AcquisitionsIo,
) {
  const firstSample = new FirstSample(upload);
  return inverters.map((inverter) =>
    openAcquisition(inverter, {
      period: settings.poll(inverter),
      sink,
      observer: (watch) => settings.observer(inverter, watch),
      firstSample,
      store,
      location,
      clock,
      log,
    })
  );
}

async function openOutbox(
  config: NodeConfig,
  { db, sequence }: NodeStore,
  { dataDir, tailDir = dataDir, known, clock, log }: NodeIo & { readonly known: MachineStart | undefined },
): Promise<Outbox> {
  await Deno.mkdir(tailDir, { recursive: true, mode: 0o700 });
  return new Outbox({
    db,
    tailPath: join(tailDir, "node.tail"),
    limitBytes: config.outbox_limit,
    firstBlock: clock.now(),
    ...(known && { firstToDate: known.firstBlock }),
    alongside: () => sequence.topUp(),
    clock,
    log,
  });
}

interface InvertersIo extends Pick<NodeIo, "clock" | "log"> {
  readonly store: NodeStore;
  readonly meters: NodeMeters;
  readonly library: Library;
}

function openInverters(
  { buses }: NodeConfig,
  { store, meters, library, clock, log }: InvertersIo,
  opening: AsyncDisposableStack,
): readonly ConfiguredInverter[] {
  const exchanged = (bus: string, exchange: BusExchange) => meters.busExchanged(bus, exchange);
  const memoryOf = store.mapMemory.of;
  return buses.flatMap((bus) =>
    invertersOf(bus, opening.use(busOf(bus, { clock, log, exchanged })), { clock, memoryOf, library })
  );
}

function byName(inverters: readonly ConfiguredInverter[]): ReadonlyMap<string, Inverter> {
  return new Map(inverters.map(({ config: { name }, inverter }) => [name, inverter]));
}

/** Lets all parts work until the signal aborts. */
async function run(parts: NodeParts, { clock }: Pick<PartsIo, "clock">, signal: AbortSignal): Promise<void> {
  const { acquisitions, settings, settingsLink, dating, uplink, upload, commands } = parts;
  const atUpload = () => {
    upload();
    settings.atUpload();
  };
  await Promise.all([
    ...acquisitions.map((acquisition) => acquisition.run(signal)),
    keepSchedule({ period: settings.upload, run: atUpload }, { clock, signal }),
    clock.compared(signal).then(() => {
      dating.known();
      return uplink.run(signal);
    }),
    settingsLink.run(signal),
    commands.run(signal),
  ]);
}

/** What is to be seen and asked of a running node. */
function viewOf(
  parts: NodeParts,
  { clock }: Pick<NodeIo, "clock">,
): Omit<Node, "metricsPort" | "writable" | keyof AsyncDisposable> {
  const { device, store, outbox, gateway, acquisitions, meters } = parts;
  const status = () => nodeStatus(parts);
  return {
    status,
    alive: () => acquisitions.map((one) => one.alive()).find(({ alive }) => !alive) ?? store.alive(),
    probe: (signal) => probeGateway({ device, gateway }, signal),
    async backup(destination) {
      outbox.seal();
      await backupConnection(store.db, destination);
    },
    metrics: () => [...nodeFamilies(status(), outbox.oldestAt(), clock.now()), ...meters.families()],
  };
}
