import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import type { z } from "zod";
import type { Clock } from "../platform/clock.ts";
import { ALIVE, dead, type Liveness } from "../platform/liveness.ts";
import type { Family } from "../platform/metrics/exposition.ts";
import type { Random } from "../platform/random.ts";
import { backupConnection } from "../platform/sqlite_backup.ts";
import { transaction } from "../platform/sqlite.ts";
import { TroubleLog } from "../platform/trouble_log.ts";
import type { SamplerStatus } from "./acquisition/sampler.ts";
import type { Watch } from "./acquisition/watch.ts";
import { keepSchedule } from "./acquisition/schedule.ts";
import { Courier, type CourierStatus } from "./command/courier.ts";
import { createJournal } from "./command/journal.ts";
import { busOf, type ConfiguredInverter, invertersOf } from "./buses.ts";
import type { NodeConfig } from "./config.ts";
import { loadDeviceKey } from "./device_key.ts";
import type { Inverter, QuarantinedRegister } from "./inverter/inverter.ts";
import type { InverterHealth } from "../protocol/messages/node_health.ts";
import type { Withheld } from "./inverter/poll.ts";
import { serveMetrics } from "./metrics/metrics_server.ts";
import { nodeFamilies } from "./metrics/node_families.ts";
import { NodeMeters } from "./metrics/node_meters.ts";
import { Outbox, type OutboxStatus } from "./outbox/outbox.ts";
import { ToldSink } from "./outbox/told_sink.ts";
import { type Sampled, samplersOf } from "./samplers.ts";
import { NodeSettings, type NodeSettingsStatus } from "./settings/node_settings.ts";
import { openNodeDatabase, prepareNodeDatabase } from "./store/database.ts";
import { createWakefulnessStore } from "./store/wakefulness.ts";
import { Sequence } from "./store/sequence.ts";
import { Bell } from "./uplink/bell.ts";
import { GatewayClient } from "./uplink/gateway_client.ts";
import { type Probe, probeGateway } from "./uplink/probe.ts";
import { toldGateway } from "./uplink/told_gateway.ts";
import { type Reply, replyOf } from "./uplink/reply.ts";
import { Uplink, type UplinkStatus } from "./uplink/uplink.ts";

/** What a node stands on. */
export interface NodeIo {
  /** Folder of the node's state; made if missing. */
  readonly dataDir: string;
  /**
   * Folder for the samples of the last seconds, best in memory (systemd's RuntimeDirectory, kept over restarts): it spares
   * the flash. Default: the data directory.
   */
  readonly tailDir?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
  readonly log: Logger;
  /** Whether this program has to prove itself yet: what it migrates is kept as it was. */
  readonly onTrial?: boolean;
}

/** How one inverter is doing. */
export interface InverterStatus extends SamplerStatus {
  /** Whether it works, sleeps or is at fault. */
  readonly health: InverterHealth;
  /** Profile id, once known. */
  readonly profile?: string;
  readonly quarantined: readonly QuarantinedRegister[];
  readonly withheld: Readonly<Withheld>;
}

/** How a node is doing. */
export interface NodeStatus {
  readonly device: string;
  readonly inverters: readonly InverterStatus[];
  readonly outbox: OutboxStatus;
  readonly uplink: UplinkStatus;
  readonly commands: CourierStatus;
  readonly settings: NodeSettingsStatus;
}

/** A running acquisition node. Disposing it stops it within a second; samples not uploaded are on disk then. */
export interface Node extends AsyncDisposable {
  status(): NodeStatus;
  /** Whether every poll loop turns and the store answers; a silent inverter, gateway or full disk is no death. */
  alive(): Liveness;
  /** A signed request to the gateway, for whoever has something of their own to say to it. Rejects when the disk refuses. */
  ask<T>(path: string, message: unknown, schema: z.ZodType<T>, signal: AbortSignal): Promise<Reply<T>>;
  /** Begins no more commands; resolves when the one that is being executed has ended. For an orderly end. */
  rest(): Promise<void>;
  /** Whether the gateway takes this node's signature now. Rejects when the disk refuses. */
  probe(signal: AbortSignal): Promise<Probe>;
  /** Copies the database, the samples of the last seconds included, to a new file. It may be large: everything waits. */
  backup(destination: string): Promise<void>;
  /** What it measures of itself. */
  metrics(): readonly Family[];
  /** Where it shows that to Prometheus, if the configuration says so. */
  readonly metricsPort: number | undefined;
  /** The inverters, for whoever reads or writes registers besides. */
  readonly inverters: readonly ConfiguredInverter[];
}

/** Starts polling and uploading. Throws an `Error` for people: a key that cannot be read, a data directory in use. */
export async function startNode(config: NodeConfig, io: NodeIo): Promise<Node> {
  const key = await loadDeviceKey(config, io.dataDir);
  await using opening = new AsyncDisposableStack();
  const stop = new AbortController();
  const { clock, random, log } = io;
  const { db, sequence, outbox } = await openState(config, io, opening);
  const meters = new NodeMeters(clock);
  const exchanged: NodeMeters["exchanged"] = (bus, exchange) => meters.exchanged(bus, exchange);
  const ports = { ...io, exchanged };
  const inverters = config.buses.flatMap((bus) => invertersOf(bus, opening.use(busOf(bus, ports)), io));

  const device = key.deviceId;
  const client = toldGateway(
    meters.timing(
      new GatewayClient({ url: config.gateway, key, sequence, advanced: tellAdvance(io), clock, fetch: io.fetch }),
    ),
    io,
  );
  const watches = new Map<string, Watch>();
  const settings = new NodeSettings({
    ...{ device, config, inverters, gateway: client, db, clock, random, log },
    inverterHealth: () => [...watches.values()].map((watch) => watch.health()),
    outboxHealth: () => outbox.health(),
    maySleep: (name) => watches.get(name)?.maySleep() ?? false,
  });
  const link = { device, gateway: settings.gateway, clock, random, log };
  const bell = new Bell();
  const uplink = new Uplink({ ...link, outbox, bell });
  const courier = new Courier({ ...link, inverters: byName(inverters), journal: createJournal(db) });
  const send = () => {
    outbox.seal();
    bell.ring();
  };
  const upload = () => {
    send();
    settings.atUpload();
  };
  const sink = new ToldSink(outbox, send);
  const store = createWakefulnessStore(db);
  const samplers = samplersOf(inverters, settings, { sink, clock, log, store, watches, location: config.location });
  const run = { clock, signal: stop.signal };
  const running = Promise.all([
    ...samplers.map(({ sampler, period }) => sampler.run(period, run)),
    keepSchedule({ period: settings.upload, run: upload }, run),
    uplink.run(stop.signal),
    settings.run(stop.signal),
    courier.run(stop.signal),
  ]);
  opening.defer(() => running.then(() => undefined));
  opening.defer(() => stop.abort());
  log.info("node started: {device}, {inverters} inverters", { device, inverters: inverters.length });

  const status = (): NodeStatus => ({
    device,
    inverters: samplers.map((sampled) => statusOf(sampled)),
    outbox: outbox.status(),
    uplink: uplink.status(),
    commands: courier.status(),
    settings: settings.status(),
  });
  const metrics = () => [...nodeFamilies(status(), outbox.oldestAt(), clock.now()), ...meters.families()];
  const metricsPort = config.metrics && opening.use(serveMetrics(config.metrics, metrics)).port;

  const parts = opening.move();
  return {
    metrics,
    metricsPort,
    inverters,
    async ask(path, message, schema, signal) {
      return replyOf(await link.gateway.post(path, message, signal), schema);
    },
    rest: () => courier.rest(),
    probe: (signal) => probeGateway(link, signal),
    async backup(destination) {
      outbox.seal();
      await backupConnection(db, destination);
    },
    alive: () => samplers.map(({ pulse, period }) => pulse.liveness(period)).find(({ alive }) => !alive) ?? storeOf(db),
    status,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Once is a backup that was restored, at either end. Again and again is somebody else with the same key. */
function tellAdvance({ log, clock }: NodeIo): (next: number) => void {
  const trouble = new TroubleLog(log, clock);
  return (next) =>
    trouble.happened(
      trouble.inARow === 0
        ? "this node's numbers were used before, as after a restored backup; going on from {next}"
        : "this node's numbers were used again: does another node run with its key? Going on from {next}",
      { next },
    );
}

/** The node's database inside its data directory. */
export function nodeDatabasePath(dataDir: string): string {
  return join(dataDir, "node.sqlite");
}

/** What survives the process: everything closes with `opening`. */
async function openState(config: NodeConfig, io: NodeIo, opening: AsyncDisposableStack) {
  const { dataDir, tailDir = dataDir, clock, log } = io;
  for (const folder of [dataDir, tailDir]) await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const path = nodeDatabasePath(dataDir);
  await prepareNodeDatabase(path, { onTrial: io.onTrial ?? false, log });
  const db = opening.adopt(openNodeDatabase(path), (db) => db.close());
  const sequence = new Sequence(db);
  const outbox = opening.use(
    new Outbox({
      db,
      tailPath: join(tailDir, "node.tail"),
      limitBytes: config.outbox_limit,
      firstBlock: clock.now(),
      alongside: () => sequence.topUp(),
      clock,
      log,
    }),
  );
  return { db, sequence, outbox };
}

function byName(inverters: readonly ConfiguredInverter[]): ReadonlyMap<string, Inverter> {
  return new Map(inverters.map(({ config: { name }, inverter }) => [name, inverter]));
}

/** Whether the database can be locked and read. Writes nothing, so a full disk is no death: a new start would find it as full. */
function storeOf(db: DatabaseSync): Liveness {
  try {
    transaction(db, () => db.prepare("SELECT id FROM state").get());
    return ALIVE;
  } catch (error) {
    return dead(`the store does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function statusOf({ sampler, watch, inverter }: Sampled): InverterStatus {
  const profile = inverter.profile()?.id;
  return {
    ...sampler.status(),
    health: watch.health(),
    ...(profile === undefined ? {} : { profile }),
    quarantined: inverter.quarantined(),
    withheld: inverter.withheld(),
  };
}
