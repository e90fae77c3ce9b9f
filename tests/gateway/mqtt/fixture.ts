import { createServer, type Socket } from "node:net";
import { Aedes } from "aedes";
import { getLogger } from "@logtape/logtape";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { createCommandNotifier } from "../../../gateway/command/notifier.ts";
import { type CommandService, createCommandService } from "../../../gateway/command/command_service.ts";
import { createFirmwareRolloutService } from "../../../gateway/firmware/rollouts.ts";
import { MqttConfig } from "../../../gateway/mqtt_config.ts";
import { type Mqtt, type MqttIo, startMqtt } from "../../../gateway/mqtt/mqtt.ts";
import { createSampleFeed, type SampleFeed } from "../../../gateway/ingest/sample_feed.ts";
import type { SampleBatch } from "../../../gateway/store/port/sample_batch.ts";
import { createSampleReader } from "../../../gateway/store/sample_reader.ts";
import { createDeviceStates, type DeviceStates } from "../../../gateway/state/device_states.ts";
import { createFading } from "../../../gateway/state/fading.ts";
import { openStores, type Stores } from "../../../gateway/stores.ts";
import { type Clock, systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import type { Firmware } from "../../../ota/manifest/firmware.ts";

/** A broker of another maker, in this process, on a port of its own. */
export interface OtherBroker extends AsyncDisposable {
  readonly port: number;
}

/** `listening: false`: it lets nobody subscribe. */
export async function startOtherBroker(port = 0, { listening = true } = {}): Promise<OtherBroker> {
  const aedes = await Aedes.createBroker();
  if (!listening) aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(resolve));
      await closed;
    },
  };
}

/** A client that writes down what it hears. */
export interface Ear extends AsyncDisposable {
  readonly client: MqttClient;
  readonly heard: { readonly topic: string; readonly payload: string; readonly retain: boolean }[];
  /** The newest payload on a topic. */
  last(topic: string): string | undefined;
}

export async function listenAt(
  port: number,
  topics: string | string[] = "#",
  options: IClientOptions = {},
  qos: 0 | 1 = 1,
): Promise<Ear> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 0,
    connectTimeout: 3_000,
    ...options,
  });
  const heard: Ear["heard"] = [];
  client.on("error", () => {});
  client.on("message", (topic, payload, { retain }) => {
    heard.push({ topic, payload: new TextDecoder().decode(payload), retain });
  });
  await client.subscribeAsync(topics, { qos });
  return {
    client,
    heard,
    last: (topic) => heard.findLast((message) => message.topic === topic)?.payload,
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

/** A change of settings that came in. */
export interface Asked {
  readonly device: string;
  readonly patch: unknown;
  readonly by: string;
}

/** The MQTT side of a gateway over real stores, with a feed to speak into. */
export interface MqttFixture extends AsyncDisposable {
  readonly mqtt: Mqtt;
  readonly feed: SampleFeed;
  readonly stores: Stores;
  readonly states: DeviceStates;
  readonly commandService: CommandService;
  readonly asked: Asked[];
  /** Stores samples and tells of them, as an upload does. */
  store(batches: readonly SampleBatch[]): Promise<void>;
  /** Ends MQTT and the stores and leaves the data directory, for the next start in it. */
  stop(): Promise<void>;
}

export interface FixtureOptions {
  readonly signed?: readonly string[];
  readonly legacy?: readonly { readonly name: string; readonly wireId?: string }[];
  readonly firmware?: readonly Firmware[];
  readonly clock?: Clock;
  /** A data directory of the test's own, which stays. */
  readonly folder?: string;
  readonly io?: Partial<MqttIo>;
}

export async function startFixture(config: unknown, options: FixtureOptions = {}): Promise<MqttFixture> {
  const { clock = systemClock, folder = Deno.makeTempDirSync() } = options;
  const stores = await openStores(folder, { random: systemRandom, securityLogRows: 100, timeZone: "UTC" });
  await register(stores, options);
  const log = getLogger(["test"]);
  const feed = createSampleFeed(log);
  const asked: Asked[] = [];
  const parts = gatewayParts(stores, options.firmware ?? [], clock);
  const mqtt = await startMqtt(MqttConfig.parse(config), {
    ...stores,
    ...parts,
    feed,
    settings: {
      change(device, { patch }, { by }) {
        asked.push({ device, patch, by });
        return Promise.resolve();
      },
    },
    clock,
    random: { ...systemRandom, float: () => 0 },
    log,
    version: "1.2.3",
    ...options.io,
  });
  if (mqtt === undefined) throw new Error("MQTT is off");
  let running = true;
  const stop = async () => {
    if (!running) return;
    running = false;
    await mqtt[Symbol.asyncDispose]();
    await stores[Symbol.asyncDispose]();
  };
  return {
    mqtt,
    feed,
    stores,
    states: parts.states,
    commandService: parts.commandService,
    asked,
    async store(batches) {
      await stores.commit.run(() => batches.forEach((batch) => stores.samples.append(batch)));
      feed.stored(batches);
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      if (options.folder === undefined) await Deno.remove(folder, { recursive: true });
    },
  };
}

async function register({ devices, commit }: Stores, { signed = [], legacy = [] }: FixtureOptions): Promise<void> {
  await commit.run(() => {
    for (const name of signed) {
      if (!devices.find(name)) devices.add({ deviceId: DeviceId.parse(name), model: "node", auth: "signed" }, 1);
    }
    for (const { name, wireId } of legacy) {
      const wire = wireId === undefined ? {} : { wireId };
      if (!devices.find(name)) {
        devices.add({ deviceId: DeviceId.parse(name), model: "board", auth: "legacy", ...wire }, 1);
      }
    }
  });
}

function gatewayParts(stores: Stores, firmware: readonly Firmware[], clock: Clock) {
  const log = getLogger(["test"]);
  const reader = createSampleReader(stores);
  const fadingOf = createFading({ ...stores, reader });
  const images = {
    list: () => firmware,
    find: (model: string, version: string) => firmware.find((one) => one.model === model && one.version === version),
    chunk: () => Promise.resolve(undefined),
  };
  const notifier = createCommandNotifier({ db: stores.db, clock });
  return {
    activity: reader.activity,
    firmware: images,
    states: createDeviceStates({
      ...stores,
      activity: reader.activity,
      fadingOf,
      clock,
      log,
      listeningSince: clock.now(),
    }),
    commandService: createCommandService({ ...stores, clock, random: systemRandom, notifier }),
    rollouts: createFirmwareRolloutService({ ...stores, firmware: images, clock, log }),
  };
}

/** One sample of the ten-register inverter, as an upload brings it. */
export function upload(device: string, at: number, power: number, receivedAt = at + 1_000) {
  const series = { profile: "ecowatt", registers: ["Vac1", "Pac"], samples: [{ at, values: [2301, power] }] };
  const name = DeviceId.parse(device);
  return [{ device: name, inverter: "roof-1", series, quality: "exact" as const, receivedAt }];
}
