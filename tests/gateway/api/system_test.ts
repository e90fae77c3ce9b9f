import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getLogger } from "@logtape/logtape";
import { toHex } from "../../../crypto/bytes.ts";
import { AlarmsView, LogLinesView, SystemView } from "../../../gateway/api/system.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { unpackBackup } from "../../../platform/backup_archive.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { RecentLog } from "../../../platform/recent_log.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { openFixture } from "./fixture.ts";

const ROOF = DeviceId.parse("roof");

Deno.test("the system, its alarms and its log are told to their roles only", async () => {
  await using f = await openFixture();
  const CASES = [
    ["/api/v1/system", ["viewer", "operator", "admin"]],
    ["/api/v1/alarms", ["viewer", "operator", "admin"]],
    ["/api/v1/system/log", ["operator", "admin"]],
    ["/api/v1/system/backup", ["admin"]],
    ["/api/v1/system/support-bundle", ["admin"]],
  ] as const;
  for (const [path, allowed] of CASES) {
    const let_in: string[] = [];
    for (const role of ["viewer", "operator", "admin"] as const) {
      const answer = await f.send(role, "GET", path);
      await answer.arrayBuffer();
      if (answer.status === 200) let_in.push(role);
      else assert.equal(answer.status, 403);
    }
    assert.deepEqual(let_in, allowed, path);
    assert.equal((await f.send(undefined, "GET", path)).status, 401);
  }
});

Deno.test("the system's report has its version, its disk and its database, and says what is not there", async () => {
  await using f = await openFixture();
  const { body } = await f.ask("GET", "/api/v1/system");
  const { version, disk, database_bytes, started_at_ms } = SystemView.parse(body);
  assert.equal(version, "1.2.3");
  assert.ok(disk && disk.free_bytes > 0 && disk.total_bytes > disk.free_bytes);
  assert.ok(database_bytes >= Deno.statSync(join(f.folder, "gateway.db")).size);
  assert.equal(started_at_ms, null);
});

Deno.test("a device that was never heard of and a weak one are alarms with advice", async () => {
  await using f = await openFixture();
  await f.management.addDevice({ deviceId: ROOF, model: "test", auth: "legacy" });
  const { alarms } = AlarmsView.parse((await f.ask("GET", "/api/v1/alarms")).body);
  assert.deepEqual(alarms.map(({ kind, about }) => [kind, about]), [["device", "roof"], ["weak_devices", "roof"]]);
});

/** A running gateway whose log is kept, with an administrator. */
async function running<T>(body: (gateway: Gateway, token: string, recent: RecentLog, folder: string) => Promise<T>) {
  const folder = await Deno.makeTempDir();
  const recentLog = new RecentLog();
  try {
    const config = GatewayConfig.parse({
      port: 0,
      mqtt: { broker: { url: "mqtt://127.0.0.1:1", username: "u", password: "planted-mqtt-password" } },
    });
    const io = {
      dataDir: folder,
      clock: systemClock,
      random: systemRandom,
      log: getLogger(["test"]),
      version: "1.2.3",
    };
    await using gateway = await startGateway(config, { ...io, recentLog });
    const { secret } = await gateway.management.createToken({ name: "test", role: "admin" });
    return await body(gateway, secret, recentLog, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const get = (gateway: Gateway, token: string, path: string) =>
  fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` } });

Deno.test("the log's newest lines come first and can be cut by level", async () => {
  await running(async (gateway, token, recent) => {
    recent.add({ at: 1, level: "info", area: "test", message: "first" });
    recent.add({ at: 2, level: "error", area: "test", message: "second" });
    const answer = await get(gateway, token, "/api/v1/system/log?level=info&limit=1");
    assert.deepEqual(LogLinesView.parse(await answer.json()).entries, [
      { time_ms: 2, level: "error", area: "test", message: "second" },
    ]);
    const refused = await get(gateway, token, "/api/v1/system/log?level=loud");
    assert.equal(refused.status, 400);
    await refused.body?.cancel();
  });
});

Deno.test("a downloaded backup is one that restore takes, holds no keys, and leaves nothing behind", async () => {
  await running(async (gateway, token, _recent, folder) => {
    const { key } = await gateway.management.addDevice({ deviceId: ROOF, model: "test", auth: "signed" });
    const before = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    Deno.mkdirSync(join(folder, "download-of-a-killed-process"));
    const answer = await get(gateway, token, "/api/v1/system/backup");
    assert.match(
      answer.headers.get("content-disposition") ?? "",
      /^attachment; filename="ecowatt-backup-.*\.tar\.gz"$/,
    );
    assert.ok(answer.body);
    const unpacked = join(folder, "unpacked");
    const manifest = await unpackBackup(answer.body, unpacked);
    assert.deepEqual([manifest.with_keys, manifest.files.map(({ name }) => name)], [false, ["gateway/gateway.db"]]);
    using db = new DatabaseSync(join(unpacked, "gateway/gateway.db"), { readOnly: true });
    assert.equal(db.prepare("SELECT device_id FROM device").get()?.["device_id"], "roof");
    assert.ok(!toHex(Deno.readFileSync(join(unpacked, "gateway/gateway.db"))).includes(toHex(key.raw)));
    await Deno.remove(unpacked, { recursive: true });
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), before);
  });
});

Deno.test("a second backup is refused while one is made, and possible after the first was broken off", async () => {
  await running(async (gateway, token) => {
    const first = await get(gateway, token, "/api/v1/system/backup");
    const together = await Promise.all([1, 2].map(() => get(gateway, token, "/api/v1/system/backup")));
    assert.ok(together.some(({ status }) => status === 503));
    await Promise.all([first, ...together].map(({ body }) => body?.cancel()));
    for (let again = 503; again !== 200;) {
      const answer = await get(gateway, token, "/api/v1/system/backup");
      again = answer.status;
      assert.ok(again === 200 || again === 503);
      await answer.arrayBuffer();
    }
  });
});

Deno.test("a support bundle has what helps and none of the secrets that are planted", async () => {
  await running(async (gateway, token, recent, folder) => {
    const { key } = await gateway.management.addDevice({ deviceId: ROOF, model: "test", auth: "signed" });
    const { secret } = await gateway.management.createToken({ name: "other", role: "viewer" });
    const link = await gateway.loginLink("admin");
    recent.add({
      at: 1,
      level: "warning",
      area: "test",
      message: "cannot reach mqtt://user:planted-in-url@broker:1883",
    });
    const text = await (await get(gateway, token, "/api/v1/system/support-bundle")).text();
    for (const part of ['"roof"', '"1.2.3"', "mqtt://127.0.0.1:1", "cannot reach", '"retention_days"', "keys_in_use"]) {
      assert.ok(text.includes(part), `${part} is missing`);
    }
    const master = Deno.readFileSync(join(folder, "master.key"));
    const secrets = {
      token,
      "other token": secret,
      "device key": toHex(key.raw),
      "master key": toHex(master),
      "login code": link.slice(link.lastIndexOf("/") + 1),
      "mqtt password": "planted-mqtt-password",
      "password in an address": "planted-in-url",
    };
    for (const [name, value] of Object.entries(secrets)) assert.ok(!text.includes(value), `the ${name} is in it`);
  });
});
