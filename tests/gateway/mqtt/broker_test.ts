import assert from "node:assert/strict";
import { createConnection, type Socket } from "node:net";
import { connectAsync, type IClientOptions } from "mqtt";
import { type Ear, listenAt, type MqttFixture, startFixture, upload } from "./fixture.ts";
import { until } from "../../fakes/until.ts";

const AT = Date.UTC(2026, 5, 21, 12);
const USERS = [
  { username: "wall", password: "test-viewer-password" },
  { username: "nodered", password: "test-operator-password", role: "operator" },
];
const VIEWER: IClientOptions = { username: "wall", password: "test-viewer-password" };
const OPERATOR: IClientOptions = { username: "nodered", password: "test-operator-password" };
const CHANGE = JSON.stringify({ poll_interval_s: 3 });

function portOf({ mqtt }: MqttFixture): number {
  assert.ok(mqtt.port);
  return mqtt.port;
}

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
  await using gateway = await startFixture({ embedded: { port: 0 } }, { signed: ["roof"] });
  await using ear = await listenAt(portOf(gateway));
  gateway.feed.stored(upload("roof", AT, 1500));
  await until(() => ear.last("esp32/ecowatt_data") !== undefined, "the data");
  await until(() => ear.last("ecowatt/gateway/status") === "online", "the gateway's status");
  assert.deepEqual(gateway.mqtt.stats().connected, true);
  assert.equal(await publishThrown(ear, "ecowatt/roof/settings/set", CHANGE), true);
  assert.deepEqual(gateway.asked, []);
});

Deno.test("with users nobody else connects, on this machine either", async (t) => {
  await using gateway = await startFixture({ embedded: { host: "0.0.0.0", port: 0, users: USERS } });
  const cases: readonly (readonly [string, IClientOptions])[] = [
    ["anonymous", {}],
    ["a name nobody has", { username: "stranger", password: "test" }],
    ["no password", { username: "wall" }],
    ["an empty password", { username: "wall", password: "" }],
    ["another user's password", { username: "wall", password: "test-operator-password" }],
  ];
  for (const [name, options] of cases) {
    await t.step(name, () => assert.rejects(listenAt(portOf(gateway), "#", options), /Bad username or password/i));
  }
  await using ear = await listenAt(portOf(gateway), "#", VIEWER);
  await until(() => ear.last("ecowatt/gateway/status") === "online", "the gateway's status");
});

Deno.test("a viewer sets nothing, an operator sets settings and nothing else, and who it was is told", async (t) => {
  await using gateway = await startFixture({ embedded: { port: 0, users: USERS } }, { signed: ["roof"] });
  for (const topic of ["ecowatt/roof/settings/set", "esp32/ecowatt_settings"]) {
    await t.step(`viewer on ${topic}`, async () => {
      await using ear = await listenAt(portOf(gateway), "nothing", VIEWER);
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
      await using ear = await listenAt(portOf(gateway), "nothing", OPERATOR);
      assert.equal(await publishThrown(ear, topic, CHANGE), true);
    });
  }
  assert.deepEqual(gateway.asked, []);
  await using ear = await listenAt(portOf(gateway), "nothing", OPERATOR);
  assert.equal(await publishThrown(ear, "ecowatt/roof/settings/set", CHANGE), false);
  await until(() => gateway.asked.length === 1, "the change");
  assert.deepEqual(gateway.asked, [{ device: "roof", patch: { poll_interval_s: 3 }, by: "mqtt nodered" }]);
});

Deno.test("a last will is held to the same rules", async () => {
  await using gateway = await startFixture({ embedded: { port: 0, users: USERS } }, { signed: ["roof"] });
  await using witness = await listenAt(portOf(gateway), "#", VIEWER);
  const will = { topic: "ecowatt/gateway/status", payload: "forged", qos: 1, retain: true } as const;
  const ear = await listenAt(portOf(gateway), "nothing", { ...OPERATOR, will });
  ear.client.stream.destroy();
  gateway.feed.stored(upload("roof", AT, 1500));
  await until(() => witness.last("esp32/ecowatt_data") !== undefined, "the data");
  assert.equal(witness.heard.some(({ payload }) => payload === "forged"), false);
});

Deno.test("a settings message is never kept, and a client's session never outlives its connection", async () => {
  await using gateway = await startFixture({ embedded: { port: 0, users: USERS } }, { signed: ["roof"] });
  const port = portOf(gateway);
  const durable = { ...OPERATOR, clean: false, clientId: "test-durable" };
  {
    await using ear = await listenAt(port, "#", durable);
    await ear.client.publishAsync("ecowatt/roof/settings/set", CHANGE, { qos: 1, retain: true });
    await until(() => gateway.asked.length === 1, "the change");
  }
  gateway.feed.stored(upload("roof", AT, 1500));
  const again = await connectAsync(`mqtt://127.0.0.1:${port}`, { ...durable, reconnectPeriod: 0 });
  const heard: string[] = [];
  again.on("message", (topic) => void heard.push(topic));
  await again.subscribeAsync("ecowatt/+/settings/set", { qos: 1 });
  await again.subscribeAsync("test/still-here"); // what was kept for the session would have come before
  assert.deepEqual(heard, []);
  await again.endAsync();
});

/** Connects without a library and sends bytes; resolves with what happened. */
function raw(port: number, ...pieces: readonly Uint8Array[]): Promise<"closed"> {
  return new Promise((resolve) => {
    const socket: Socket = createConnection(port, "127.0.0.1", () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on("error", () => {});
    socket.resume();
    socket.once("close", () => resolve("closed"));
  });
}

Deno.test("hostile bytes end their own connection and nothing else", async (t) => {
  await using gateway = await startFixture({ embedded: { port: 0, users: USERS } });
  const port = portOf(gateway);
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
      assert.equal(await raw(port, bytes), "closed");
    });
  }
  gateway.feed.stored(upload("roof", AT, 1500));
  await until(() => ear.last("esp32/ecowatt_data") !== undefined, "the data");
});

Deno.test("no more clients than allowed", async () => {
  await using gateway = await startFixture({ embedded: { port: 0, max_clients: 2 } });
  const port = portOf(gateway);
  await using _one = await listenAt(port);
  await using _two = await listenAt(port);
  assert.equal(await raw(port), "closed");
});

Deno.test("a port that is taken is one clear line, and the broker stops within a second with clients that hang on", async () => {
  const gateway = await startFixture({ embedded: { port: 0 } });
  const port = portOf(gateway);
  await assert.rejects(startFixture({ embedded: { port } }), {
    message:
      `Cannot start the MQTT broker on 127.0.0.1:${port}: another program uses that port (gateway.mqtt.embedded.port)`,
  });
  await using ear = await listenAt(port);
  const began = performance.now();
  await gateway[Symbol.asyncDispose]();
  assert.ok(performance.now() - began < 1_000);
  await until(() => ear.last("ecowatt/gateway/status") === "offline", "the goodbye");
});
