import assert from "node:assert/strict";
import { createServer } from "node:net";
import { program, testWith } from "../../needs.ts";
import { listenAt, startFixture, until, upload } from "./fixture.ts";

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
