import assert from "node:assert/strict";
import { createConnection, createServer, type Socket } from "node:net";
import { program, testWith } from "../../needs.ts";
import { type Ear, listenAt, startFixture, upload } from "./fixture.ts";
import { until } from "../../fakes/until.ts";

const AT = Date.UTC(2026, 5, 21, 12);
const PASSWORD = "test-mosquitto-password";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Debian's broker, with one user, until it is killed. Where its program is, /usr/sbin, is not on every PATH. */
function startMosquitto(folder: string, port: number): Deno.ChildProcess {
  return new Deno.Command("mosquitto", {
    args: ["-c", `${folder}/mosquitto.conf`, "-p", String(port)],
    env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin` },
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function mosquittoFolder(port: number): Promise<string> {
  const folder = await Deno.makeTempDir();
  const { success } = await new Deno.Command("mosquitto_passwd", {
    args: ["-b", "-c", `${folder}/passwords`, "ecowatt", PASSWORD],
  }).output();
  assert.ok(success);
  await Deno.writeTextFile(
    `${folder}/mosquitto.conf`,
    `listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${folder}/passwords\nuser root\n`,
  );
  await Deno.writeTextFile(`${folder}/password`, PASSWORD, { mode: 0o600 });
  return folder;
}

testWith([program("mosquitto")], "Mosquitto: published, set, killed mid-stream and started again", async () => {
  const port = await freePort();
  const folder = await mosquittoFolder(port);
  let broker = startMosquitto(folder, port);
  const config = { url: `mqtt://127.0.0.1:${port}`, username: "ecowatt", password_file: `${folder}/password` };
  const gateway = await startFixture({ broker: config }, { signed: ["roof"] });
  const credentials = { username: "ecowatt", password: PASSWORD };
  const connected = () => gateway.mqtt.stats().connected;
  await until(connected, "Mosquitto");
  {
    await using ear = await listenAt(port, "#", credentials);
    for (let i = 0; i < 20; i++) gateway.feed.stored(upload("roof", AT + 1_000 * i, i));
    await until(() => ear.heard.filter(({ topic }) => topic === "esp32/ecowatt_data").length === 20, "the data");
    await ear.client.publishAsync("ecowatt/roof/settings/set", '{"poll_interval_s":3}', { qos: 1 });
    await until(() => gateway.asked.length === 1, "the settings");
    assert.deepEqual(gateway.asked, [{ device: "roof", patch: { poll_interval_s: 3 }, by: "mqtt" }]);
  }
  broker.kill("SIGKILL");
  await broker.status;
  await until(() => !connected(), "the loss");
  for (let i = 20; i < 60; i++) gateway.feed.stored(upload("roof", AT + 1_000 * i, i));
  broker = startMosquitto(folder, port);
  await until(connected, "Mosquitto again");
  await until(() => gateway.mqtt.stats().waiting === 0, "everything delivered");
  assert.equal(gateway.mqtt.stats().dropped, 0);
  assert.ok(gateway.mqtt.stats().published >= 60);
  {
    await using ear = await listenAt(port, "#", credentials);
    await until(() => ear.last("ecowatt/roof/roof-1/state")?.includes('"Pac":59') ?? false, "the retained state");
    await until(() => ear.last("ecowatt/gateway/status") === "online", "the gateway's status");
    await gateway[Symbol.asyncDispose]();
    await until(() => ear.last("ecowatt/gateway/status") === "offline", "the goodbye");
  }
  broker.kill("SIGKILL");
  await broker.status;
  await Deno.remove(folder, { recursive: true });
});

testWith([program("mosquitto")], "Mosquitto that refuses the password is tried again and never shown it", async () => {
  const port = await freePort();
  const folder = await mosquittoFolder(port);
  const broker = startMosquitto(folder, port);
  const config = { url: `mqtt://127.0.0.1:${port}`, username: "ecowatt", password: "test-wrong-password" };
  await using gateway = await startFixture({ broker: config });
  await assert.rejects(listenAt(port, "#", { username: "ecowatt", password: "test-wrong-password" }));
  assert.equal(gateway.mqtt.stats().connected, false);
  broker.kill("SIGKILL");
  await broker.status;
  await Deno.remove(folder, { recursive: true });
});

/** A way to the broker that a test can shut, so that somebody else is there first. */
async function startGate(port: number) {
  const sockets = new Set<Socket>();
  const gate = { open: true, port: 0 };
  const server = createServer((socket) => {
    if (!gate.open) return void socket.destroy();
    const onward = createConnection(port, "127.0.0.1");
    for (const [from, to] of [[socket, onward], [onward, socket]] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.once("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  gate.port = typeof address === "object" && address !== null ? address.port : 0;
  return Object.assign(gate, {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

/** Listens as soon as the broker is up. */
async function listenSoon(port: number, topic: string, credentials: Record<string, string>): Promise<Ear> {
  for (let left = 200;; left--) {
    try {
      // QoS 0: the broker passes on at once what it takes, and keeps nothing back until it is acknowledged.
      return await listenAt(port, topic, credentials, 0);
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** What is on `esp32/ecowatt_data`, numbered by its power. */
function numbersOf({ heard }: Ear): readonly number[] {
  const data = heard.filter(({ topic }) => topic === "esp32/ecowatt_data");
  return data.map(({ payload }) => JSON.parse(payload).register_data.REG_PAC);
}

function retainedOf({ heard }: Ear): ReadonlyMap<string, string> {
  return new Map(heard.filter(({ retain }) => retain).map(({ topic, payload }) => [topic, payload]));
}

testWith(
  [program("mosquitto")],
  "Mosquitto killed mid-stream: nothing is lost, nothing is out of order, what was kept is back, no command comes twice",
  async () => {
    const port = await freePort();
    const folder = await mosquittoFolder(port);
    const credentials = { username: "ecowatt", password: PASSWORD };
    let broker = startMosquitto(folder, port);
    const before = await listenSoon(port, "#", credentials);
    await using gate = await startGate(port);
    const config = {
      broker: { url: `mqtt://127.0.0.1:${gate.port}`, ...credentials },
      home_assistant: { enabled: true },
    };
    await using gateway = await startFixture(config, { signed: ["roof"] });
    const stats = () => gateway.mqtt.stats();
    await gateway.store(upload("roof", Date.now(), 1_000));
    await until(() => before.last("homeassistant/device/ecowatt_roof_roof-1/config") !== undefined, "the announcement");
    const command = "ecowatt/roof/roof-1/power_limit/set";
    await before.client.publishAsync(command, "60", { qos: 1, retain: true });
    await until(() => before.last("ecowatt/roof/roof-1/power_limit") !== undefined, "the command");
    const start = Date.now() + 1_000;
    let sent = 0;
    const send = (count: number) => {
      for (let i = 0; i < count; i++) gateway.feed.stored(upload("roof", start + 100 * sent, sent++));
    };
    send(300);
    await until(() => numbersOf(before).includes(40), "some of the stream");
    gate.open = false;
    broker.kill("SIGKILL");
    await broker.status;
    await until(() => !stats().connected, "the loss");
    await before[Symbol.asyncDispose]();
    send(100);

    broker = startMosquitto(folder, port);
    const after = await listenSoon(port, "#", credentials);
    await after.client.publishAsync(command, "10", { qos: 1, retain: true }); // the gateway is not there to hear it
    gate.open = true;
    await until(() => numbersOf(after).includes(399) && stats().waiting === 0, "the rest");
    const [early, late] = [numbersOf(before).slice(1), numbersOf(after)];
    const first = late[0] ?? -1, last = early.at(-1) ?? -1;
    assert.deepEqual(early, Array.from({ length: early.length }, (_, i) => i), "in order, each once");
    assert.deepEqual(late, Array.from({ length: 400 - first }, (_, i) => first + i), "in order, each once");
    assert.ok(first <= last + 1, `${last + 1} to ${first - 1} were lost`);
    assert.ok(last + 1 - first <= 16, `${first} to ${last} came twice: more than can be under way`);
    assert.equal(stats().dropped, 0);

    await using fresh = await listenAt(port, "#", credentials);
    const [kept, expected] = [() => retainedOf(fresh), retainedBefore(before)];
    await until(() => expected.every((topic) => kept().has(topic)), "everything that was kept");
    assert.equal(kept().get("ecowatt/gateway/status"), "online");
    assert.match(kept().get("ecowatt/roof/roof-1/state") ?? "", /"Pac":399\}/);
    assert.deepEqual([...kept().keys()].filter((topic) => !expected.includes(topic)), [command]);
    const commands = await gateway.commandService.history({ deviceId: "roof", limit: 10 });
    assert.deepEqual(commands.map(({ command }) => command.content.parameters), [{ power_value: 60 }]);
    await after[Symbol.asyncDispose]();
    broker.kill("SIGKILL");
    await broker.status;
    await Deno.remove(folder, { recursive: true });
  },
);

/** The topics on which the gateway left something to be kept: all but the stream and what was asked of it. */
function retainedBefore({ heard }: Ear): readonly string[] {
  const topics = new Set(heard.map(({ topic }) => topic));
  return [...topics].filter((topic) => topic !== "esp32/ecowatt_data" && !topic.endsWith("/set")).sort();
}
