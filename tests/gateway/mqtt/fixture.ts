import { createServer, type Socket } from "node:net";
import { Aedes } from "aedes";
import { getLogger } from "@logtape/logtape";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { MqttConfig } from "../../../gateway/mqtt/config.ts";
import { type Mqtt, type MqttIo, startMqtt } from "../../../gateway/mqtt/mqtt.ts";
import { createSampleFeed, type SampleFeed } from "../../../gateway/process/sample_feed.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

/** A broker of another maker, in this process, on a port of its own. */
export interface OtherBroker extends AsyncDisposable {
  readonly port: number;
}

export async function startOtherBroker(port = 0): Promise<OtherBroker> {
  const aedes = await Aedes.createBroker();
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
  await client.subscribeAsync(topics, { qos: 1 });
  return {
    client,
    heard,
    last: (topic) => heard.findLast((message) => message.topic === topic)?.payload,
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

/** Resolves when `state` holds; rejects after ten seconds. */
export async function until(state: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!state()) {
    if (performance.now() > end) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A change of settings that came in. */
export interface Asked {
  readonly device: string;
  readonly patch: unknown;
  readonly by: string;
}

/** The MQTT side of a gateway over a real store, with a feed to speak into. */
export interface MqttFixture extends AsyncDisposable {
  readonly mqtt: Mqtt;
  readonly feed: SampleFeed;
  readonly asked: Asked[];
}

export interface FixtureOptions {
  readonly signed?: readonly string[];
  readonly legacy?: readonly { readonly name: string; readonly wireId?: string }[];
  readonly io?: Partial<MqttIo>;
}

export async function startFixture(config: unknown, options: FixtureOptions = {}): Promise<MqttFixture> {
  const store = openGatewayStore();
  for (const name of options.signed ?? []) {
    store.devices.add({ deviceId: DeviceId.parse(name), model: "node", auth: "signed" }, 1);
  }
  for (const { name, wireId } of options.legacy ?? []) {
    const wire = wireId === undefined ? {} : { wireId };
    store.devices.add({ deviceId: DeviceId.parse(name), model: "board", auth: "legacy", ...wire }, 1);
  }
  const log = getLogger(["test"]);
  const feed = createSampleFeed(log);
  const asked: Asked[] = [];
  const mqtt = await startMqtt(MqttConfig.parse(config), {
    feed,
    devices: store.devices,
    activity: () => ({ lastReceivedAt: undefined, lastSampleAt: undefined, inverters: [] }),
    settings: {
      change(device, { patch }, { by }) {
        asked.push({ device, patch, by });
        return Promise.resolve();
      },
    },
    clock: systemClock,
    random: { ...systemRandom, float: () => 0 },
    log,
    ...options.io,
  });
  if (mqtt === undefined) throw new Error("MQTT is off");
  return {
    mqtt,
    feed,
    asked,
    async [Symbol.asyncDispose]() {
      await mqtt[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

/** One sample of the ten-register inverter, as an upload brings it. */
export function upload(device: string, at: number, power: number, receivedAt = at + 1_000) {
  const series = { profile: "ecowatt", registers: ["Vac1", "Pac"], samples: [{ at, values: [2301, power] }] };
  const name = DeviceId.parse(device);
  return [{ device: name, inverter: "roof-1", series, quality: "exact" as const, receivedAt }];
}
