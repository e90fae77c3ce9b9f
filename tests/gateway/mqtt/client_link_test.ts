import assert from "node:assert/strict";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { pauseMs } from "../../../gateway/mqtt/client_link.ts";
import { fakeLog } from "../../fakes/log.ts";
import { listenAt, startFixture, startOtherBroker, upload } from "./fixture.ts";
import { until } from "../../fakes/until.ts";

const AT = Date.UTC(2026, 5, 21, 12);

Deno.test("a broker gets what is stored, who comes later gets the newest, and a gateway that goes says so", async () => {
  await using broker = await startOtherBroker();
  await using early = await listenAt(broker.port);
  const gateway = await startFixture({ broker: { url: `mqtt://127.0.0.1:${broker.port}` } }, { signed: ["roof"] });
  await until(() => early.last("ecowatt/roof/status") === "offline", "the first status");
  gateway.feed.stored(upload("roof", AT, 1500));
  gateway.feed.stored(upload("roof", AT - 60_000, 900, AT)); // sent late: no news
  await until(() => early.last("ecowatt/roof/status") === "online", "online");
  await until(() => early.heard.some(({ topic }) => topic === "esp32/ecowatt_data"), "the data");
  assert.deepEqual(JSON.parse(early.last("esp32/ecowatt_data") ?? ""), {
    device_id: "roof",
    inverter: "roof-1",
    time: "2026-06-21T12:00:00.000Z",
    quality: "exact",
    register_data: {
      REG_VAC1: 2301,
      ac_voltage_readable: "230.1V",
      REG_PAC: 1500,
      ac_power_readable: "1500W",
    },
  });
  await using late = await listenAt(broker.port);
  await until(() => late.heard.length >= 4, "the retained messages");
  assert.deepEqual(
    late.heard.map(({ topic, payload, retain }) => [topic, payload, retain]).sort(),
    [
      ["ecowatt/gateway/status", "online", true],
      [
        "ecowatt/roof/condition",
        '{"state":"stale","since":"1970-01-01T00:00:00.001Z","reason":"nothing was heard of it yet","inverters":{}}',
        true,
      ],
      [
        "ecowatt/roof/roof-1/state",
        '{"time":"2026-06-21T12:00:00.000Z","quality":"exact","registers":{"Vac1":230.1,"Pac":1500}}',
        true,
      ],
      ["ecowatt/roof/status", "online", true],
    ],
  );
  const began = performance.now();
  await gateway[Symbol.asyncDispose]();
  assert.ok(performance.now() - began < 1_000);
  await until(() => late.last("ecowatt/gateway/status") === "offline", "the goodbye");
});

Deno.test("a broker killed mid-stream and started again gets everything that waited, in order, and a count of the rest", async () => {
  let broker = await startOtherBroker();
  const { port } = broker;
  await using gateway = await startFixture({ broker: { url: `mqtt://127.0.0.1:${port}` }, queue_messages: 50 });
  const power = (payload: string): number => JSON.parse(payload).register_data.REG_PAC;
  let sent = 0;
  const send = (count: number) => {
    for (let i = 0; i < count; i++) gateway.feed.stored(upload("roof", AT + 1_000 * sent, sent++));
  };
  const before = await listenAt(port, "esp32/ecowatt_data");
  await until(() => gateway.mqtt.stats().connected, "the connection");
  send(30);
  await until(() => before.heard.length === 30, "the first 30");
  send(20); // some of these are under way when the broker dies
  await broker[Symbol.asyncDispose]();
  await before[Symbol.asyncDispose]();
  const reached = before.heard.map(({ payload }) => power(payload));
  await until(() => !gateway.mqtt.stats().connected, "the loss");
  send(10);
  assert.equal(gateway.mqtt.stats().dropped, 0);
  send(80); // more than may wait
  const { dropped } = gateway.mqtt.stats();
  assert.ok(dropped >= 40 && dropped <= 60, `${dropped} dropped`);

  broker = await startOtherBroker(port);
  await using after = await listenAt(port, "esp32/ecowatt_data");
  await until(() => after.heard.length >= 50, "what waited");
  const arrived = after.heard.map(({ payload }) => power(payload));
  assert.deepEqual(arrived, Array.from({ length: 50 }, (_, i) => 90 + i));
  assert.deepEqual(reached, Array.from({ length: reached.length }, (_, i) => i));
  send(1);
  await until(() => after.heard.length === 51, "the next one");
  assert.equal(gateway.mqtt.stats().waiting, 0);
  await broker[Symbol.asyncDispose]();
});

Deno.test("what was sent while the broker died is sent again", async () => {
  let broker = await startOtherBroker();
  const { port } = broker;
  await using gateway = await startFixture({ broker: { url: `mqtt://127.0.0.1:${port}` } });
  const heard = new Set<number>();
  const collect = ({ payload }: { payload: string }) => heard.add(JSON.parse(payload).register_data.REG_PAC);
  for (let round = 0; round < 3; round++) {
    const ear = await listenAt(port, "esp32/ecowatt_data");
    await until(() => gateway.mqtt.stats().connected, "the connection");
    for (let i = 0; i < 100; i++) {
      gateway.feed.stored(upload("roof", AT + 1_000 * (100 * round + i), 100 * round + i));
      if (i === 50) await until(() => ear.heard.length > 0, "some");
    }
    await broker[Symbol.asyncDispose]();
    await ear[Symbol.asyncDispose]();
    ear.heard.forEach(collect);
    await until(() => !gateway.mqtt.stats().connected, "the loss");
    broker = await startOtherBroker(port);
  }
  const ear = await listenAt(port, "esp32/ecowatt_data");
  await until(() => gateway.mqtt.stats().connected && gateway.mqtt.stats().waiting === 0, "everything delivered");
  await until(() => ear.heard.length > 0, "the rest");
  ear.heard.forEach(collect);
  // QoS 1 between gateway and broker: what a dying broker acknowledged and did not pass on is the broker's loss.
  assert.equal(gateway.mqtt.stats().dropped, 0);
  assert.ok(heard.size >= 200, `${heard.size} of 300`);
  await ear[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
});

Deno.test("a gateway that dies is offline for everyone: its last will", async () => {
  await using broker = await startOtherBroker();
  await using ear = await listenAt(broker.port);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", fileURLToPath(new URL("./dying_gateway.ts", import.meta.url)), String(broker.port)],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  await until(() => ear.last("ecowatt/gateway/status") === "online", "online");
  child.kill("SIGKILL");
  await child.status;
  await until(() => ear.last("ecowatt/gateway/status") === "offline", "the last will");
});

Deno.test("a gateway starts and stops within a second with a broker that is away, or takes connections and says nothing", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  for (const url of ["mqtt://127.0.0.1:1", `mqtt://127.0.0.1:${port}`]) {
    const began = performance.now();
    const gateway = await startFixture({ broker: { url } });
    gateway.feed.stored(upload("roof", AT, 1));
    assert.equal(gateway.mqtt.stats().connected, false);
    await gateway[Symbol.asyncDispose]();
    assert.ok(performance.now() - began < 1_000, url);
  }
  await new Promise<void>((resolve) => silent.close(() => resolve()));
});

Deno.test("pauses between failures grow to a minute and differ by half", () => {
  const longest = [0, 1, 2, 3, 4, 7, 50].map((failures) => pauseMs(failures, { float: () => 1 }));
  assert.deepEqual(longest, [1_000, 1_000, 2_000, 4_000, 8_000, 60_000, 60_000]);
  assert.equal(pauseMs(2, { float: () => 0 }), 1_000);
});

Deno.test("a broker that does not let the gateway listen is told of, and published to all the same", async () => {
  await using broker = await startOtherBroker(0, { listening: false });
  const { log, lines } = fakeLog();
  await using gateway = await startFixture({ broker: { url: `mqtt://127.0.0.1:${broker.port}` } }, { io: { log } });
  await until(() => lines.some((line) => line.includes("look at its access rules")), "the warning");
  assert.ok(lines.some((line) => line.includes("esp32/ecowatt_settings")), "with the topics");
  await until(() => gateway.mqtt.stats().waiting === 0 && gateway.mqtt.stats().published > 0, "the status");
});
