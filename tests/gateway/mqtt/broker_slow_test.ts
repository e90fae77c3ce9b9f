import assert from "node:assert/strict";
import { createConnection, type Socket } from "node:net";
import { connectAsync, type IClientOptions } from "mqtt";
import { getLogger } from "@logtape/logtape";
import { startBroker } from "../../../gateway/mqtt/broker.ts";
import { run } from "../../e2e/process.ts";
import { blockOf } from "../../fakes/device_gateway.ts";
import { type Ear, listenAt } from "./ear.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { until } from "../../fakes/until.ts";
import { startMqttGateway } from "./mqtt_gateway.ts";

const USERS = [
  { username: "wall", password: "test-viewer-password" },
  { username: "nodered", password: "test-operator-password", role: "operator" },
];
const VIEWER: IClientOptions = { username: "wall", password: "test-viewer-password" };
const OPERATOR: IClientOptions = { username: "nodered", password: "test-operator-password" };
const CHANGE = JSON.stringify({ poll_interval_s: 3 });
const WITH_USERS = { embedded: { port: 0, users: USERS } };
const NOTHING_WISHED = { settings: {}, by: [] };

/** Publishes and tells whether the broker threw the client out for it. */
function publishThrown({ client }: Ear, topic: string, payload: string): Promise<boolean> {
  return new Promise((resolve) => {
    client.once("close", () => resolve(true));
    client.publishAsync(topic, payload, { qos: 1 })
      .then(() => client.subscribeAsync("test/still-here"))
      .then(() => resolve(false), () => {});
  });
}

Deno.test("without users everyone on this machine reads everything and sets nothing", async () => {
  await using gateway = await startMqttGateway({ embedded: { port: 0 } });
  await using ear = await listenAt(gateway.mqttPort);
  await gateway.roof.samplePower(Date.now(), 1500);
  await until(() => ear.last("esp32/ecowatt_data") !== undefined, "the data");
  await until(() => ear.last("ecowatt/gateway/status") === "online", "the gateway's status");
  assert.equal((await gateway.mqtt()).connected, true);
  assert.equal(await publishThrown(ear, "ecowatt/roof/settings/set", CHANGE), true);
  assert.deepEqual(await gateway.wished(), NOTHING_WISHED);
});

Deno.test("with users nobody else connects, on this machine either", async (t) => {
  await using gateway = await startMqttGateway({ embedded: { host: "0.0.0.0", port: 0, users: USERS } });
  const cases: readonly (readonly [string, IClientOptions])[] = [
    ["anonymous", {}],
    ["a name nobody has", { username: "stranger", password: "test" }],
    ["no password", { username: "wall" }],
    ["an empty password", { username: "wall", password: "" }],
    ["another user's password", { username: "wall", password: "test-operator-password" }],
  ];
  for (const [name, options] of cases) {
    await t.step(name, () => assert.rejects(listenAt(gateway.mqttPort, "#", options), /Bad username or password/i));
  }
  await using ear = await listenAt(gateway.mqttPort, "#", VIEWER);
  await until(() => ear.last("ecowatt/gateway/status") === "online", "the gateway's status");
});

Deno.test("a client calls itself by at most 128 characters", async () => {
  await using gateway = await startMqttGateway({ embedded: { port: 0 } });
  await using ear = await listenAt(gateway.mqttPort, "#", { clientId: "n".repeat(128) });
  assert.ok(ear.client.connected);
  await assert.rejects(listenAt(gateway.mqttPort, "#", { clientId: "n".repeat(129) }), /Identifier rejected/);
});

Deno.test("a viewer sets nothing, an operator sets settings and nothing else, and who it was is told", async (t) => {
  await using gateway = await startMqttGateway(WITH_USERS);
  for (const topic of ["ecowatt/roof/settings/set", "esp32/ecowatt_settings"]) {
    await t.step(`viewer on ${topic}`, async () => {
      await using ear = await listenAt(gateway.mqttPort, "nothing", VIEWER);
      assert.equal(await publishThrown(ear, topic, CHANGE), true);
    });
  }
  const reserved = [
    "esp32/ecowatt_data",
    "ecowatt/gateway/status",
    "ecowatt/roof/status",
    "ecowatt/roof/roof-1/state",
    "x",
  ];
  for (const topic of reserved) {
    await t.step(`operator on ${topic}`, async () => {
      await using ear = await listenAt(gateway.mqttPort, "nothing", OPERATOR);
      assert.equal(await publishThrown(ear, topic, CHANGE), true);
    });
  }
  assert.deepEqual(await gateway.wished(), NOTHING_WISHED);
  await using ear = await listenAt(gateway.mqttPort, "nothing", OPERATOR);
  assert.equal(await publishThrown(ear, "ecowatt/roof/settings/set", CHANGE), false);
  await until(async () => (await gateway.wished()).by.length === 1, "the change");
  assert.deepEqual(await gateway.wished(), { settings: { poll_interval_s: 3 }, by: ["mqtt nodered"] });
});

Deno.test("a last will is held to the same rules", async () => {
  await using gateway = await startMqttGateway(WITH_USERS);
  await using witness = await listenAt(gateway.mqttPort, "#", VIEWER);
  const will = { topic: "ecowatt/gateway/status", payload: "forged", qos: 1, retain: true } as const;
  const ear = await listenAt(gateway.mqttPort, "nothing", { ...OPERATOR, will });
  ear.client.stream.destroy();
  await gateway.roof.samplePower(Date.now(), 1500);
  await until(() => witness.last("esp32/ecowatt_data") !== undefined, "the data");
  assert.equal(witness.heard.some(({ payload }) => payload === "forged"), false);
});

Deno.test("a settings message is never kept, and a client's session never outlives its connection", async () => {
  await using gateway = await startMqttGateway(WITH_USERS);
  const port = gateway.mqttPort;
  const durable = { ...OPERATOR, clean: false, clientId: "test-durable" };
  {
    await using ear = await listenAt(port, "#", durable);
    await ear.client.publishAsync("ecowatt/roof/settings/set", CHANGE, { qos: 1, retain: true });
    await until(async () => (await gateway.wished()).by.length === 1, "the change");
  }
  await gateway.roof.samplePower(Date.now(), 1500);
  const again = await connectAsync(`mqtt://127.0.0.1:${port}`, { ...durable, reconnectPeriod: 0 });
  const heard: string[] = [];
  again.on("message", (topic) => void heard.push(topic));
  await again.subscribeAsync("ecowatt/+/settings/set", { qos: 1 });
  await again.subscribeAsync("test/still-here"); // what was kept for the session would have come before
  assert.deepEqual(heard, []);
  await again.endAsync();
});

/** A connection without a library. */
interface Raw {
  readonly socket: Socket;
  /** Everything that came, as hex digits. */
  received(): string;
  readonly closed: Promise<"closed">;
}

function raw(port: number, ...pieces: readonly Uint8Array[]): Raw {
  const socket = createConnection(port, "127.0.0.1", () => {
    for (const piece of pieces) socket.write(piece);
  });
  let received = "";
  socket.on("error", () => {});
  socket.on("data", (bytes: Uint8Array) => received += bytes.toHex());
  const closed = new Promise<"closed">((resolve) => socket.once("close", () => resolve("closed")));
  return { socket, received: () => received, closed };
}

const PINGREQ = new Uint8Array([0xc0, 0]);
const ACCEPTED = "20020000";
const REFUSED = "20020004";

/** A CONNECT (MQTT 3.1.1 §3.1) with a clean session. */
function connectPacket(keepaliveS: number, user?: { readonly username: string; readonly password: string }) {
  const text = (value: string) => [0, value.length, ...new TextEncoder().encode(value)];
  const flags = user === undefined ? 0x02 : 0xc2;
  const login = user === undefined ? [] : [...text(user.username), ...text(user.password)];
  const rest = [...text("MQTT"), 4, flags, keepaliveS >> 8, keepaliveS & 0xff, ...text(""), ...login];
  return new Uint8Array([0x10, rest.length, ...rest]);
}

/** A client that says all the time that it is there, and the longest that it was not answered: then somebody stood still. */
function talker(port: number, keepaliveS: number) {
  const client = raw(port, connectPacket(keepaliveS));
  let [gone, heardAt, longestMs] = [false, performance.now(), 0];
  const note = () => {
    longestMs = Math.max(longestMs, performance.now() - heardAt);
    heardAt = performance.now();
  };
  client.socket.on("data", note);
  const pinging = setInterval(() => client.socket.write(PINGREQ), 250);
  void client.closed.then(() => {
    gone = true;
    note();
    clearInterval(pinging);
  });
  return { ...client, isGone: () => gone, longestMs: () => longestMs };
}

Deno.test("who is silent for longer than it promised is thrown out, and who keeps saying that it is there stays", async () => {
  await using gateway = await startMqttGateway({ embedded: { port: 0 } });
  const KEEPALIVE_S = 3;
  for (;;) {
    const alive = talker(gateway.mqttPort, KEEPALIVE_S);
    for (let round = 0; round < 2; round++) {
      const silent = raw(gateway.mqttPort, connectPacket(KEEPALIVE_S));
      await until(() => silent.received() === ACCEPTED, "the silent one");
      assert.equal(await silent.closed, "closed");
    }
    const wasHeard = alive.longestMs() < 1000 * KEEPALIVE_S;
    const stays = !alive.isGone();
    alive.socket.destroy();
    await alive.closed;
    if (wasHeard) return assert.ok(stays && alive.received().startsWith(ACCEPTED));
    // The machine let one of the two stand still for as long as the client had promised to speak: once more.
  }
});

Deno.test("after a thousand connections in its life, refused and silent ones, the next one is taken", async () => {
  await using gateway = await startMqttGateway(WITH_USERS);
  const wrong = connectPacket(60, { username: "nodered", password: "guessed" });
  for (let round = 0; round < 20; round++) {
    const guests = Array.from({ length: 50 }, (_, i) => raw(gateway.mqttPort, ...(i % 5 === 0 ? [] : [wrong])));
    await until(() => guests.every(({ received }, i) => i % 5 === 0 || received() === REFUSED), "every refusal");
    for (const { socket } of guests) socket.destroy();
    await Promise.all(guests.map(({ closed }) => closed));
  }
  await using ear = await listenAt(gateway.mqttPort, "#", OPERATOR);
  await until(() => ear.last("ecowatt/gateway/status") === "online", "the gateway's status");
});

/** A SUBSCRIBE to everything at QoS 0 (MQTT 3.1.1 §3.8). */
const SUBSCRIBE = new Uint8Array([0x82, 6, 0, 1, 0, 1, 0x23, 0]);
const SUBSCRIBED = "9003000100";

Deno.test("who subscribes and does not read is thrown out, and the others get everything", async () => {
  const mqtt = { embedded: { port: 0 }, queue_messages: 100_000 };
  await using gateway = await startMqttGateway(mqtt, { flags: ["--log-level", "debug"] });
  await using ear = await listenAt(gateway.mqttPort, "esp32/ecowatt_data");
  const deaf = raw(gateway.mqttPort, connectPacket(250), SUBSCRIBE);
  await until(() => deaf.received().includes(SUBSCRIBED), "the subscription");
  deaf.socket.pause();
  const inverters = Array.from({ length: 60 }, (_, i) => `${i}`.padStart(60, "inverter-"));
  const start = Date.now() - 3_600_000;
  let sent = 0;
  await until(async () => { // its connection takes some megabytes before it is full
    const samples = [{ at: start + 1_000 * sent, values: [2301, sent] }];
    const blocks = inverters.map((inverter, i) => ({ ...blockOf(1 + 60 * sent + i, samples), inverter }));
    await gateway.roof.post("/process", { data_type: "sample_blocks", blocks });
    sent++;
    return gateway.process.err().includes("drain timeout");
  }, "the end of patience");
  await until(() => ear.heard.length === sent * inverters.length, "everything at the other one");
  deaf.socket.resume();
  assert.equal(await deaf.closed, "closed");
});

Deno.test("hostile bytes end their own connection and nothing else", async (t) => {
  await using gateway = await startMqttGateway(WITH_USERS);
  const port = gateway.mqttPort;
  await using ear = await listenAt(port, "#", VIEWER);
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["a CONNECT that promises 256 MB", new Uint8Array([0x10, 0xff, 0xff, 0xff, 0x7f])],
    ["a length of five bytes", new Uint8Array([0x10, 0x80, 0x80, 0x80, 0x80, 0x01])],
    ["a PUBLISH before the CONNECT", new Uint8Array([0x30, 5, 0, 1, 0x78, 1, 2])],
    ["MQTT 5", new Uint8Array([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 60, 0, 0, 0])],
  ];
  for (const [name, bytes] of cases) {
    await t.step(name, async () => {
      assert.equal(await raw(port, bytes).closed, "closed");
    });
  }
  await gateway.roof.samplePower(Date.now(), 1500);
  await until(() => ear.last("esp32/ecowatt_data") !== undefined, "the data");
});

Deno.test("a client that was let in and floods the broker is cut unheard, and the others go on", async () => {
  await using gateway = await startMqttGateway(WITH_USERS);
  const port = gateway.mqttPort;
  await using ear = await listenAt(port, "#", VIEWER);
  const flood = raw(port, connectPacket(60, { username: "wall", password: "test-viewer-password" }));
  await until(() => flood.received() === ACCEPTED, "the connection");
  const pings = new Uint8Array(32_768).map((_, at) => PINGREQ[at % 2] ?? 0);
  for (let i = 0; i < 8; i++) flood.socket.write(pings);
  assert.equal(await flood.closed, "closed");
  assert.ok(flood.received().length < 32_768, "an answer to each ping");
  await gateway.roof.samplePower(Date.now(), 1500);
  await until(() => ear.last("esp32/ecowatt_data") !== undefined, "the data");
});

Deno.test("a client has some hundred topics and the others are refused; one that asks without end is cut", async () => {
  await using gateway = await startMqttGateway(WITH_USERS);
  await using ear = await listenAt(gateway.mqttPort, "first", VIEWER);
  const topics = Array.from({ length: 300 }, (_, i) => `a/${i}`);
  const refused = async () => {
    try {
      await ear.client.subscribeAsync(topics);
      return false;
    } catch {
      return true;
    }
  };
  assert.ok(await refused());
  assert.ok(ear.client.connected);
  await ear.client.unsubscribeAsync(topics.slice(0, 150));
  await ear.client.subscribeAsync("esp32/ecowatt_data");
  await gateway.roof.samplePower(Date.now(), 1500);
  await until(() => ear.last("esp32/ecowatt_data") !== undefined, "the data");
  while (ear.client.connected) await refused();
});

Deno.test("no more clients than allowed", async () => {
  await using gateway = await startMqttGateway({ embedded: { port: 0, max_clients: 2 } });
  const port = gateway.mqttPort;
  await using _one = await listenAt(port);
  await using _two = await listenAt(port);
  await assert.rejects(listenAt(port), /Server unavailable/i);
});

Deno.test("connections that do not say who they are keep nobody out", async () => {
  await using gateway = await startMqttGateway({ embedded: { port: 0, max_clients: 8 } });
  const port = gateway.mqttPort;
  const silent = Array.from({ length: 40 }, () => raw(port));
  await Promise.any(silent.map(({ closed }) => closed)); // more than have room at the door
  await using ear = await listenAt(port);
  await until(() => ear.last("ecowatt/gateway/status") === "online", "the gateway's status");
  for (const { closed } of silent) assert.equal(await closed, "closed");
});

Deno.test("a port that is taken is one clear line, and the broker stops with clients that hang on", async () => {
  await using gateway = await startMqttGateway({ embedded: { port: 0 } });
  const port = gateway.mqttPort;
  const folder = await Deno.makeTempDir();
  const config = `${folder}/gateway.yaml`;
  await Deno.writeTextFile(config, JSON.stringify({ gateway: { port: 0, mqtt: { embedded: { port } } } }));
  const { code, err } = await run(["gateway", "--config", config, "--data-dir", folder]);
  assert.equal(code, 1);
  assert.match(
    err,
    new RegExp(
      `^ecowatt: Cannot start the MQTT broker on 127\\.0\\.0\\.1:${port}: another program uses that port ` +
        `\\(gateway\\.mqtt\\.embedded\\.port\\)$`,
      "m",
    ),
  );
  await Deno.remove(folder, { recursive: true });
  await using ear = await listenAt(port);
  const hanging = raw(port, connectPacket(60));
  await until(() => hanging.received() === ACCEPTED, "the one that hangs on");
  await gateway.stop();
  await until(() => ear.last("ecowatt/gateway/status") === "offline", "the goodbye");
});

Deno.test("clients that hang on, for an hour if they may, keep the broker from stopping for less than a second", async () => {
  const events = { opened: () => {}, received: () => {}, failed: () => {}, topics: [] };
  const options = { host: "127.0.0.1", port: 0, users: [], maxClients: 2 };
  const clock = new FakeClock();
  const broker = await startBroker(options, events, { clock, log: getLogger(["test"]), warn: () => {} });
  const hanging = raw(broker.port, connectPacket(3_600));
  await until(() => hanging.received() === ACCEPTED, "the one that hangs on");
  await clock.ended(broker[Symbol.asyncDispose](), 1_000, "the stop of the broker");
  await hanging.closed;
});
