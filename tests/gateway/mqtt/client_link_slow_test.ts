import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { getLogger } from "@logtape/logtape";
import { keepConnected, pauseMs } from "../../../gateway/mqtt/client_link.ts";
import { connectTo } from "../../../gateway/mqtt/connect.ts";
import { systemRandom } from "../../../platform/random.ts";
import { refusal } from "../../../protocol/outcome.ts";
import { type Ear, listenAt } from "./ear.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { ended, until } from "../../fakes/until.ts";
import { type MqttGateway, startMqttGateway } from "./mqtt_gateway.ts";
import { startOtherBroker } from "./other_broker.ts";

const AT = Date.now() - 600_000;

/** What is on `esp32/ecowatt_data`, numbered by its power. */
const numbersOf = ({ heard }: Ear) => heard.map(({ payload }): number => JSON.parse(payload).register_data.REG_PAC);

/** Lets the device send samples that are numbered by their power, from `from` on. */
async function send({ roof }: MqttGateway, from: number, count: number): Promise<void> {
  for (let number = from; number < from + count; number++) await roof.samplePower(AT + 1_000 * number, number);
}

const connected = async ({ mqtt }: MqttGateway) => (await mqtt()).connected;

Deno.test("a broker gets what is stored, who comes later gets the newest, and a gateway that goes says so", async () => {
  await using broker = await startOtherBroker();
  await using early = await listenAt(broker.port);
  await using gateway = await startMqttGateway({ broker: { url: `mqtt://127.0.0.1:${broker.port}` } });
  await until(() => early.last("ecowatt/roof/status") === "offline", "the first status");
  await gateway.roof.samplePower(AT, 1500);
  await gateway.roof.samplePower(AT - 60_000, 900); // sent late: no news
  await until(() => early.last("ecowatt/roof/status") === "online", "online");
  await until(() => early.heard.some(({ topic }) => topic === "esp32/ecowatt_data"), "the data");
  const time = new Date(AT).toISOString();
  assert.deepEqual(JSON.parse(early.last("esp32/ecowatt_data") ?? ""), {
    device_id: "roof",
    inverter: "roof-1",
    time,
    quality: "exact",
    register_data: {
      REG_VAC1: 2301,
      ac_voltage_readable: "230.1V",
      REG_PAC: 1500,
      ac_power_readable: "1500W",
    },
  });
  const topics = ["condition", "roof-1/energy", "roof-1/state", "status"].map((name) => `ecowatt/roof/${name}`);
  const expected = ["ecowatt/gateway/status", ...topics];
  await until(() => expected.every((topic) => early.last(topic) !== undefined), "what is told of a device");
  await using late = await listenAt(broker.port);
  await until(() => expected.every((topic) => late.last(topic) !== undefined), "the retained messages");
  assert.deepEqual(late.heard.map(({ topic, retain }) => [topic, retain]).sort(), expected.map((it) => [it, true]));
  assert.deepEqual(
    ["ecowatt/gateway/status", "ecowatt/roof/status", "ecowatt/roof/roof-1/state"].map(late.last),
    ["online", "online", `{"time":"${time}","quality":"exact","registers":{"Vac1":230.1,"Pac":1500}}`],
  );
  assert.ok(["ok", "stale"].includes(JSON.parse(late.last("ecowatt/roof/condition") ?? "{}").state));
  await gateway.stop();
  await until(() => late.last("ecowatt/gateway/status") === "offline", "the goodbye");
});

Deno.test("a broker killed mid-stream and started again gets everything that waited, in order, and a count of the rest", async () => {
  let broker = await startOtherBroker();
  const { port } = broker;
  await using gateway = await startMqttGateway({
    broker: { url: `mqtt://127.0.0.1:${port}` },
    queue_messages: 50,
  });
  const before = await listenAt(port, "esp32/ecowatt_data");
  await until(() => connected(gateway), "the connection");
  await send(gateway, 0, 30);
  await until(() => before.heard.length === 30, "the first 30");
  const more = send(gateway, 30, 20); // some of these are under way when the broker dies
  await until(() => before.heard.length > 30, "some of the next");
  await broker[Symbol.asyncDispose]();
  await before[Symbol.asyncDispose]();
  await more;
  const reached = numbersOf(before);
  await until(async () => !await connected(gateway), "the loss");
  await send(gateway, 50, 10);
  assert.equal((await gateway.mqtt()).dropped, 0);
  await send(gateway, 60, 80); // more than may wait
  const { dropped } = await gateway.mqtt();
  assert.ok(dropped >= 40 && dropped <= 60, `${dropped} dropped`);

  broker = await startOtherBroker(port);
  await using after = await listenAt(port, "esp32/ecowatt_data");
  await until(() => after.heard.length >= 50, "what waited");
  assert.deepEqual(numbersOf(after), Array.from({ length: 50 }, (_, i) => 90 + i));
  assert.deepEqual(reached, Array.from({ length: reached.length }, (_, i) => i));
  await send(gateway, 140, 1);
  await until(() => after.heard.length === 51, "the next one");
  await until(async () => (await gateway.mqtt()).waiting === 0, "everything delivered");
  await broker[Symbol.asyncDispose]();
});

Deno.test("what was sent while the broker died is sent again", async () => {
  let broker = await startOtherBroker();
  const { port } = broker;
  await using gateway = await startMqttGateway({ broker: { url: `mqtt://127.0.0.1:${port}` } });
  const heard = new Set<number>();
  for (let round = 0; round < 3; round++) {
    const ear = await listenAt(port, "esp32/ecowatt_data");
    await until(() => connected(gateway), "the connection");
    const sending = send(gateway, 100 * round, 100);
    await until(() => ear.heard.length > 20, "some");
    await broker[Symbol.asyncDispose]();
    await ear[Symbol.asyncDispose]();
    await sending;
    numbersOf(ear).forEach((number) => heard.add(number));
    await until(async () => !await connected(gateway), "the loss");
    broker = await startOtherBroker(port);
  }
  const ear = await listenAt(port, "esp32/ecowatt_data");
  await until(async () => {
    const { connected, waiting } = await gateway.mqtt();
    return connected && waiting === 0;
  }, "everything delivered");
  await until(() => ear.heard.length > 0, "the rest");
  numbersOf(ear).forEach((number) => heard.add(number));
  // QoS 1 between gateway and broker: what a dying broker acknowledged and did not pass on is the broker's loss.
  assert.equal((await gateway.mqtt()).dropped, 0);
  assert.ok(heard.size >= 200, `${heard.size} of 300`);
  await ear[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
});

Deno.test("a gateway that dies is offline for everyone: its last will", async () => {
  await using broker = await startOtherBroker();
  await using ear = await listenAt(broker.port);
  await using gateway = await startMqttGateway({ broker: { url: `mqtt://127.0.0.1:${broker.port}` } });
  await until(() => ear.last("ecowatt/gateway/status") === "online", "online");
  await gateway.process.kill("SIGKILL");
  await until(() => ear.last("ecowatt/gateway/status") === "offline", "the last will");
});

/** Takes connections and says nothing. */
async function startSilence() {
  const sockets: Socket[] = [];
  const heard: Buffer[] = [];
  const silent = createServer((socket) => {
    sockets.push(socket);
    socket.on("data", (bytes: Buffer) => void heard.push(bytes));
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connections: () => sockets.length,
    heard: () => Buffer.concat(heard),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => silent.close(() => resolve()));
    },
  };
}

Deno.test("a gateway starts, takes uploads and stops with a broker that is away, or takes connections and says nothing", async () => {
  await using silent = await startSilence();
  for (const port of [1, silent.port]) {
    await using gateway = await startMqttGateway({ broker: { url: `mqtt://127.0.0.1:${port}` } });
    await gateway.roof.samplePower(AT, 1);
    assert.equal(await connected(gateway), false);
    await gateway.stop();
  }
});

Deno.test("who stops waits neither for a broker that does not answer nor for any time to pass", async () => {
  await using silent = await startSilence();
  const address = { url: `mqtt://127.0.0.1:${silent.port}`, clientId: "test" };
  const stop = new AbortController();
  const connecting = connectTo(address, { connectTimeout: 2 ** 31 - 1 }, stop.signal);
  const events = { opened: () => {}, received: () => {}, failed: () => {}, topics: [] };
  const io = { clock: new FakeClock(), random: systemRandom, log: getLogger(["test"]) };
  const kept = keepConnected(address, events, io, stop.signal);
  await until(() => silent.connections() === 2, "the connections");
  stop.abort();
  assert.deepEqual(await ended(connecting, "the stop"), refusal("stopped", "stopping"));
  await ended(kept, "the stop of what keeps up a connection");
});

Deno.test("the gateway begins a session without what an older one left, and leaves a will that is kept for who comes later", async () => {
  await using silent = await startSilence();
  const events = { opened: () => {}, received: () => {}, failed: () => {}, topics: [] };
  const io = { clock: new FakeClock(), random: systemRandom, log: getLogger(["test"]) };
  const stop = new AbortController();
  const done = keepConnected({ url: `mqtt://127.0.0.1:${silent.port}`, clientId: "test" }, events, io, stop.signal);
  await until(() => silent.heard().includes("offline"), "the packet CONNECT");
  stop.abort();
  await done;
  const packet = silent.heard();
  const [level = 0, flags = 0, ...keepAlive] = packet.subarray(packet.indexOf("MQTT") + 4);
  // MQTT 3.1.1, section 3.1.2.3: will retain, will QoS of two bits, will flag, clean session.
  assert.deepEqual([level, flags & 0b0011_1110], [4, 0b0010_1110]);
  assert.equal(256 * (keepAlive[0] ?? 0) + (keepAlive[1] ?? 0), 30);
  assert.ok(packet.includes("ecowatt/gateway/status"));
});

Deno.test("pauses between failures grow to a minute and differ by half", () => {
  const longest = [0, 1, 2, 3, 4, 7, 50].map((failures) => pauseMs(failures, { float: () => 1 }));
  assert.deepEqual(longest, [1_000, 1_000, 2_000, 4_000, 8_000, 60_000, 60_000]);
  assert.equal(pauseMs(2, { float: () => 0 }), 1_000);
});

Deno.test("a broker that does not let the gateway listen is told of, and published to all the same", async () => {
  await using broker = await startOtherBroker(0, { listening: false });
  await using gateway = await startMqttGateway({ broker: { url: `mqtt://127.0.0.1:${broker.port}` } });
  await gateway.process.says(/it refuses .*esp32\/ecowatt_settings.*, look at its access rules/);
  await until(async () => {
    const { waiting, published } = await gateway.mqtt();
    return waiting === 0 && published > 0;
  }, "the status");
});
