import type { DatabaseSync } from "node:sqlite";
import type { z } from "zod";
import { ALIVE, dead, type Liveness } from "../platform/liveness.ts";
import type { Family } from "../platform/metrics/exposition.ts";
import { backupConnection } from "../platform/sqlite_backup.ts";
import { transaction } from "../platform/sqlite.ts";
import type { InverterHealth } from "../protocol/messages/node_health.ts";
import type { SamplerStatus } from "./acquisition/sampler.ts";
import type { ConfiguredInverter } from "./equipment/buses.ts";
import type { CommandRunnerStatus } from "./command/command_runner.ts";
import type { NodeConfig } from "./config/node_config.ts";
import type { QuarantinedRegister } from "./inverter/inverter.ts";
import type { Withheld } from "./inverter/poll.ts";
import { serveMetrics } from "./metrics/metrics_server.ts";
import { nodeFamilies } from "./metrics/node_families.ts";
import type { NodeIo } from "./node_io.ts";
import { type NodeParts, openParts, runParts } from "./node_parts.ts";
import type { OutboxStatus } from "./outbox/outbox.ts";
import type { Sampled } from "./acquisition/acquisition.ts";
import type { NodeSettingsStatus } from "./settings/node_settings.ts";
import { type Probe, probeGateway } from "./uplink/probe.ts";
import { type Reply, replyOf } from "./uplink/reply.ts";
import type { UplinkStatus } from "./uplink/uplink.ts";

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
  readonly commands: CommandRunnerStatus;
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
  await using opening = new AsyncDisposableStack();
  const parts = await openParts(config, io, opening);
  const { device, db, outbox, inverters, samplers, settings, commandRunner, meters } = parts;
  const { gateway } = settings;
  const stop = new AbortController();
  const running = runParts(parts, io, stop.signal);
  opening.defer(() => running);
  opening.defer(() => stop.abort());
  io.log.info("node started: {device}, {inverters} inverters", { device, inverters: inverters.length });

  const status = () => statusOf(parts);
  const metrics = () => [...nodeFamilies(status(), outbox.oldestAt(), io.clock.now()), ...meters.families()];
  const metricsPort = config.metrics && opening.use(serveMetrics(config.metrics, metrics)).port;

  const opened = opening.move();
  return {
    metrics,
    metricsPort,
    inverters,
    ask: async (path, message, schema, signal) => replyOf(await gateway.post(path, message, signal), schema),
    rest: () => commandRunner.rest(),
    probe: (signal) => probeGateway({ device, gateway }, signal),
    async backup(destination) {
      outbox.seal();
      await backupConnection(db, destination);
    },
    alive: () => samplers.map(({ pulse, period }) => pulse.liveness(period)).find(({ alive }) => !alive) ?? storeOf(db),
    status,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
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

function statusOf({ device, samplers, outbox, uplink, commandRunner, settings }: NodeParts): NodeStatus {
  return {
    device,
    inverters: samplers.map((sampled) => inverterStatusOf(sampled)),
    outbox: outbox.status(),
    uplink: uplink.status(),
    commands: commandRunner.status(),
    settings: settings.status(),
  };
}

function inverterStatusOf({ sampler, watch, inverter }: Sampled): InverterStatus {
  const profile = inverter.profile()?.id;
  return {
    ...sampler.status(),
    health: watch.health(),
    ...(profile === undefined ? {} : { profile }),
    quarantined: inverter.quarantined(),
    withheld: inverter.withheld(),
  };
}
