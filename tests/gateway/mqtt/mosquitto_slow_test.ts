import assert from "node:assert/strict";
import { createConnection, createServer, type Socket } from "node:net";
import { program, testWith } from "../../needs.ts";
import { start } from "../../e2e/process.ts";
import { freePort } from "../../fakes/free_port.ts";
import { type Ear, listenAt } from "./ear.ts";
import { until } from "../../fakes/until.ts";
import { startMqttGateway } from "./mqtt_gateway.ts";

const AT = Date.now() - 600_000;
const PASSWORD = "test-mosquitto-password";

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
  const port = freePort();
  const folder = await mosquittoFolder(port);
  let broker = startMosquitto(folder, port);
  const config = { url: `mqtt://127.0.0.1:${port}`, username: "ecowatt", password_file: `${folder}/password` };
  await using gateway = await startMqttGateway({ broker: config });
  const credentials = { username: "ecowatt", password: PASSWORD };
  const connected = async () => (await gateway.mqtt()).connected;
  const send = async (from: number, to: number) => {
    for (let i = from; i < to; i++) await gateway.roof.samplePower(AT + 1_000 * i, i);
  };
  await until(connected, "Mosquitto");
  {
    await using ear = await listenAt(port, "#", credentials);
    await send(0, 20);
    await until(() => ear.heard.filter(({ topic }) => topic === "esp32/ecowatt_data").length === 20, "the data");
    await ear.client.publishAsync("ecowatt/roof/settings/set", '{"poll_interval_s":3}', { qos: 1 });
    await until(async () => (await gateway.wished()).by.length === 1, "the settings");
    assert.deepEqual(await gateway.wished(), { settings: { poll_interval_s: 3 }, by: ["mqtt"] });
  }
  broker.kill("SIGKILL");
  await broker.status;
  await until(async () => !await connected(), "the loss");
  await send(20, 60);
  broker = startMosquitto(folder, port);
  await until(connected, "Mosquitto again");
  await until(async () => (await gateway.mqtt()).waiting === 0, "everything delivered");
  const { dropped, published } = await gateway.mqtt();
  assert.equal(dropped, 0);
  assert.ok(published >= 60);
  {
    await using ear = await listenAt(port, "#", credentials);
    await until(() => ear.last("ecowatt/roof/roof-1/state")?.includes('"Pac":59') ?? false, "the retained state");
    await until(() => ear.last("ecowatt/gateway/status") === "online", "the gateway's status");
    await gateway.stop();
    await until(() => ear.last("ecowatt/gateway/status") === "offline", "the goodbye");
  }
  broker.kill("SIGKILL");
  await broker.status;
  await Deno.remove(folder, { recursive: true });
});

testWith([program("mosquitto")], "Mosquitto that refuses the password is tried again and never shown it", async () => {
  const port = freePort();
  const folder = await mosquittoFolder(port);
  const broker = startMosquitto(folder, port);
  const config = { url: `mqtt://127.0.0.1:${port}`, username: "ecowatt", password: "test-wrong-password" };
  await using gateway = await startMqttGateway({ broker: config });
  await until(async () => (await gateway.mqtt()).trouble !== null, "the refusal");
  await gateway.process.says(/mqtt broker not reached .*Not authorized.*\n(?:.*\n)*.*mqtt broker not reached/);
  const { connected, trouble } = await gateway.mqtt();
  assert.deepEqual([connected, trouble?.includes("test-wrong")], [false, false]);
  assert.ok(!gateway.process.err().includes("test-wrong-password"));
  broker.kill("SIGKILL");
  await broker.status;
  await Deno.remove(folder, { recursive: true });
});

/** Pings are answered every 5 s; the broker throws out who is silent for 7.5 s. */
const ANSWERS = /(?:[^]*received PINGRESP){2}/;

testWith(
  [program("mosquitto_sub", "mosquitto-clients")],
  "mosquitto_sub hears what is measured at the gateway's own broker, in one connection, for longer than it may be silent",
  async () => {
    await using gateway = await startMqttGateway({ embedded: { port: 0 } });
    const args = ["-h", "127.0.0.1", "-p", String(gateway.mqttPort), "-t", "ecowatt/#", "-k", "5", "-d", "-v"];
    await using listener = start(args, { program: ["mosquitto_sub"] });
    await listener.says(/^Subscribed/m);
    let sent = 0;
    do {
      await gateway.roof.samplePower(AT + 1_000 * sent, ++sent);
      await new Promise((resolve) => setTimeout(resolve, 250));
    } while (!ANSWERS.test(listener.out()));
    await gateway.roof.samplePower(AT + 1_000 * sent, 4_999);
    await listener.says(/^ecowatt\/roof\/roof-1\/state .*"Pac":4999\}/m);
    const heard = [...listener.out().matchAll(/^ecowatt\/roof\/roof-1\/state .*"Pac":(\d+)\}/gm)].map(([, it]) =>
      Number(it)
    );
    assert.deepEqual(heard, [...Array.from({ length: sent }, (_, i) => i + 1), 4_999]);
    assert.equal(listener.out().match(/sending CONNECT/g)?.length, 1);
    await gateway.stop();
  },
);

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
  let ear: Ear | undefined;
  await until(async () => {
    // QoS 0: the broker passes on at once what it takes, and keeps nothing back until it is acknowledged.
    ear = await listenAt(port, topic, credentials, 0).catch(() => undefined);
    return ear !== undefined;
  }, "a broker to listen at");
  assert.ok(ear);
  return ear;
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
    const port = freePort();
    const folder = await mosquittoFolder(port);
    const credentials = { username: "ecowatt", password: PASSWORD };
    let broker = startMosquitto(folder, port);
    const before = await listenSoon(port, "#", credentials);
    await using gate = await startGate(port);
    const config = {
      broker: { url: `mqtt://127.0.0.1:${gate.port}`, ...credentials },
      home_assistant: { enabled: true },
    };
    await using gateway = await startMqttGateway(config);
    await gateway.roof.samplePower(AT, 1_000);
    await until(() => before.last("homeassistant/device/ecowatt_roof_roof-1/config") !== undefined, "the announcement");
    const command = "ecowatt/roof/roof-1/power_limit/set";
    await before.client.publishAsync(command, "60", { qos: 1, retain: true });
    await until(() => before.last("ecowatt/roof/roof-1/power_limit") !== undefined, "the command");
    let sent = 0;
    const send = async (count: number) => {
      for (const end = sent + count; sent < end; sent++) await gateway.roof.samplePower(AT + 1_000 + 100 * sent, sent);
    };
    const streaming = send(300);
    await until(() => numbersOf(before).includes(40), "some of the stream");
    gate.open = false;
    broker.kill("SIGKILL");
    await broker.status;
    await until(async () => !(await gateway.mqtt()).connected, "the loss");
    await before[Symbol.asyncDispose]();
    await streaming;
    await send(100);

    broker = startMosquitto(folder, port);
    const after = await listenSoon(port, "#", credentials);
    await after.client.publishAsync(command, "10", { qos: 1, retain: true }); // the gateway is not there to hear it
    gate.open = true;
    await until(async () => numbersOf(after).includes(399) && (await gateway.mqtt()).waiting === 0, "the rest");
    const [early, late] = [numbersOf(before).slice(1), numbersOf(after)];
    const first = late[0] ?? -1, last = early.at(-1) ?? -1;
    assert.deepEqual(early, Array.from({ length: early.length }, (_, i) => i), "in order, each once");
    assert.deepEqual(late, Array.from({ length: 400 - first }, (_, i) => first + i), "in order, each once");
    assert.ok(first <= last + 1, `${last + 1} to ${first - 1} were lost`);
    assert.ok(last + 1 - first <= 16, `${first} to ${last} came twice: more than can be under way`);
    assert.equal((await gateway.mqtt()).dropped, 0);

    await using fresh = await listenAt(port, "#", credentials);
    const [kept, expected] = [() => retainedOf(fresh), retainedBefore(before)];
    await until(() => expected.every((topic) => kept().has(topic)), "everything that was kept");
    assert.equal(kept().get("ecowatt/gateway/status"), "online");
    assert.match(kept().get("ecowatt/roof/roof-1/state") ?? "", /"Pac":399\}/);
    assert.deepEqual([...kept().keys()].filter((topic) => !expected.includes(topic)), [command]);
    const { commands } = await gateway.ask<{ commands: { parameters: unknown }[] }>(
      "GET",
      "/command/history?device_id=roof",
    );
    assert.deepEqual(commands.map(({ parameters }) => parameters), [{ power_value: 60 }]);
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
