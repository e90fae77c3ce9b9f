import type { DatabaseSync } from "node:sqlite";
import { RateLimitedLog } from "../platform/rate_limited_log.ts";
import type { DeviceKey } from "../protocol/device_signature.ts";
import { keepSchedule } from "./acquisition/schedule.ts";
import type { Watch } from "./acquisition/watch.ts";
import { busOf, type ConfiguredInverter, invertersOf } from "./equipment/buses.ts";
import { CommandRunner } from "./command/command_runner.ts";
import { createJournal } from "./command/journal.ts";
import type { NodeConfig } from "./config/node_config.ts";
import { loadDeviceKey } from "../keys/device_key.ts";
import type { Inverter } from "./inverter/inverter.ts";
import { NodeMeters } from "./metrics/node_meters.ts";
import type { NodeIo } from "./node_io.ts";
import { openState } from "./node_state.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { ToldSink } from "./outbox/told_sink.ts";
import { type Sampled, samplersOf } from "./acquisition/acquisition.ts";
import { NodeSettings } from "./settings/node_settings.ts";
import type { Sequence } from "./store/sequence.ts";
import { createLeftOutStore } from "./store/left_out.ts";
import { createWakefulnessStore } from "./store/wakefulness.ts";
import { Notifier } from "./uplink/notifier.ts";
import { GatewayClient } from "./uplink/gateway_client.ts";
import { type Poster, toldGateway } from "./uplink/told_gateway.ts";
import { Uplink } from "./uplink/uplink.ts";

/** What a node is made of. Nothing runs yet. */
export interface NodeParts {
  readonly device: DeviceKey["deviceId"];
  readonly db: DatabaseSync;
  readonly outbox: Outbox;
  readonly inverters: readonly ConfiguredInverter[];
  readonly samplers: readonly Sampled[];
  readonly settings: NodeSettings;
  readonly uplink: Uplink;
  readonly commandRunner: CommandRunner;
  readonly meters: NodeMeters;
  /** To be done at every upload moment. */
  readonly upload: () => void;
}

/** Puts a node together; what has to be closed goes to `opening`. Throws an `Error` for people. */
export async function openParts(
  config: NodeConfig,
  io: NodeIo,
  opening: AsyncDisposableStack,
): Promise<NodeParts> {
  const key = await loadDeviceKey(config, io.dataDir);
  const device = key.deviceId;
  const { clock, random, log } = io;
  const { db, sequence, outbox } = await openState(config, io, opening);
  const meters = new NodeMeters(clock);
  const inverters = openInverters(config, { ...io, db, meters }, opening);
  const watches = new Map<string, Watch>();
  const settings = new NodeSettings({
    ...{ device, config, inverters, db, clock, random, log },
    gateway: wayToGateway(config.gateway, { ...io, key, sequence, meters }),
    inverterHealth: () => [...watches.values()].map((watch) => watch.health()),
    outboxHealth: () => outbox.health(),
    maySleep: (name) => watches.get(name)?.maySleep() ?? false,
  });
  const link = { device, gateway: settings.gateway, clock, random, log };
  const notifier = new Notifier();
  const uplink = new Uplink({ ...link, outbox, notifier });
  const commandRunner = new CommandRunner({ ...link, inverters: byName(inverters), journal: createJournal(db) });
  const send = () => {
    outbox.seal();
    notifier.ring();
  };
  const upload = () => {
    send();
    settings.atUpload();
  };
  const sink = new ToldSink(outbox, send);
  const store = createWakefulnessStore(db);
  const samplers = samplersOf(inverters, settings, { sink, clock, log, store, watches, location: config.location });
  return { device, db, outbox, inverters, samplers, settings, uplink, commandRunner, meters, upload };
}

/** Lets all parts work until the signal aborts. */
export async function runParts(parts: NodeParts, io: Pick<NodeIo, "clock">, signal: AbortSignal): Promise<void> {
  const { samplers, settings, uplink, commandRunner, upload } = parts;
  const run = { clock: io.clock, signal };
  await Promise.all([
    ...samplers.map(({ sampler, period }) => sampler.run(period, run)),
    keepSchedule({ period: settings.upload, run: upload }, run),
    uplink.run(signal),
    settings.run(signal),
    commandRunner.run(signal),
  ]);
}

interface InvertersIo extends NodeIo {
  readonly db: DatabaseSync;
  readonly meters: NodeMeters;
}

function openInverters(
  config: NodeConfig,
  { db, meters, ...io }: InvertersIo,
  opening: AsyncDisposableStack,
): readonly ConfiguredInverter[] {
  const exchanged: NodeMeters["exchanged"] = (bus, exchange) => meters.exchanged(bus, exchange);
  const ports = { ...io, exchanged, memoryOf: createLeftOutStore(db, io.log).of };
  return config.buses.flatMap((bus) => invertersOf(bus, opening.use(busOf(bus, ports)), ports));
}

interface WayIo extends NodeIo {
  readonly key: DeviceKey;
  readonly sequence: Sequence;
  readonly meters: NodeMeters;
}

function wayToGateway(url: string, io: WayIo): Poster {
  const { key, sequence, clock, fetch } = io;
  const client = new GatewayClient({ url, key, sequence, clock, fetch, advanced: tellAdvance(io) });
  return toldGateway(io.meters.timing(client), io);
}

/** Once is a backup that was restored, at either end. Again and again is somebody else with the same key. */
function tellAdvance({ log, clock }: NodeIo): (next: number) => void {
  const trouble = new RateLimitedLog(log, clock);
  return (next) =>
    trouble.happened(
      trouble.inARow === 0
        ? "this node's numbers were used before, as after a restored backup; going on from {next}"
        : "this node's numbers were used again: does another node run with its key? Going on from {next}",
      { next },
    );
}

function byName(inverters: readonly ConfiguredInverter[]): ReadonlyMap<string, Inverter> {
  return new Map(inverters.map(({ config: { name }, inverter }) => [name, inverter]));
}
