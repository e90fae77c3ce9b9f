import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { fromHex } from "../../crypto/bytes.ts";
import { importHmacKey } from "../../crypto/hmac.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import { storeTrouble } from "../../gateway/system/health.ts";
import { openLocalApi } from "../../gateway/local_api.ts";
import { createGroupCommit } from "../../gateway/store/group_commit.ts";
import type { DeviceSecret } from "../../gateway/store/device_keys.ts";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import { systemRandom } from "../../platform/random.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { FakeClock } from "../fakes/clock.ts";
import { blockOf, send, signedPost, someSamples, upload } from "../fakes/device_gateway.ts";
import { openTestStores } from "../fakes/stores.ts";

const ROOF = DeviceId.parse("roof");

function start(dataDir: string, port = 0, clock: Clock = systemClock): Promise<Gateway> {
  const config = GatewayConfig.parse({ port, retention_days: { raw: "forever", "1m": "forever" } });
  const log = getLogger(["test"]);
  return startGateway(config, { dataDir, clock, random: systemRandom, log, version: "1.2.3" });
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function keyOf({ number, raw }: DeviceSecret) {
  return { deviceId: ROOF, number, hmac: await importHmacKey(raw) };
}

async function get(gateway: Gateway, token: string, path: string) {
  const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, text: await response.text() };
}

const SAMPLES = "/api/v1/devices/roof/samples.csv?resolution=raw&from=0";

Deno.test("what a node uploads is read back over the API, also after a restart", async () => {
  await withFolder(async (folder) => {
    let key: DeviceSecret, token: string, before: string;
    {
      await using gateway = await start(folder);
      key = (await gateway.management.addDevice({ deviceId: ROOF, model: "test", auth: "signed" })).key;
      token = (await gateway.management.createToken({ name: "test", role: "viewer" })).secret;
      const answer = await send(
        gateway,
        signedPost(gateway, await keyOf(key), 1, upload("roof", blockOf(1, someSamples(3)))),
      );
      assert.deepEqual([answer.status, answer.signed], [200, true]);
      before = (await get(gateway, token, SAMPLES)).text;
      assert.equal(
        before,
        "time,inverter,quality,Vac1,Pac\r\n" +
          "2026-05-28T20:26:40.000Z,roof-1,exact,230,1000\r\n" +
          "2026-05-28T20:26:42.000Z,roof-1,exact,230.1,1010\r\n" +
          "2026-05-28T20:26:44.000Z,roof-1,exact,230.2,1020\r\n",
      );
    }
    await using gateway = await start(folder);
    const again = await send(
      gateway,
      signedPost(gateway, await keyOf(key), 2, upload("roof", blockOf(1, someSamples(3)))),
    );
    assert.equal(again.json.duplicate_blocks.length, 1);
    assert.deepEqual(await get(gateway, token, SAMPLES), { status: 200, text: before });
    const health = await fetch(`${gateway.url}/health`);
    assert.deepEqual([health.status, await health.json()], [200, { status: "healthy" }]);
  });
});

Deno.test("a device and a token made or revoked by another process count at once", async () => {
  await withFolder(async (folder) => {
    await using gateway = await start(folder);
    const io = { clock: systemClock, random: systemRandom, log: getLogger(["test"]), version: "0.0.0" };
    await using api = await openLocalApi(folder, io);
    const local = async (method: string, path: string, body?: unknown) => {
      const init = body === undefined ? {} : {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      };
      const response = await api.answer(new Request(`http://local${path}`, { method, ...init }));
      assert.ok(response.ok, `${method} ${path}: ${response.status}`);
      return response.status === 204 ? undefined : await response.json();
    };
    const { id, token } = await local("POST", "/api/v1/tokens", { name: "test", role: "viewer" });
    assert.equal((await get(gateway, token, "/status")).status, 200);
    const { key } = await local("POST", "/api/v1/devices", { device_id: ROOF });
    const raw = fromHex(key.key);
    assert.ok(raw);
    const deviceKey = await keyOf({ number: key.number, raw });
    const body = upload("roof", blockOf(1, someSamples()));
    assert.equal((await send(gateway, signedPost(gateway, deviceKey, 1, body))).status, 200);
    const { points } = await local("GET", `/api/v1/devices/${ROOF}/samples?resolution=raw&from=0`);
    assert.equal(points.length, 5);
    await local("POST", "/security/reset", { device_id: ROOF });
    assert.equal((await send(gateway, signedPost(gateway, deviceKey, 2, body))).status, 401);
    await local("DELETE", `/api/v1/tokens/${id}`);
    assert.equal((await get(gateway, token, "/status")).status, 401);
  });
});

Deno.test("a port or a data directory that is taken is one clear line, and nothing stays behind", async () => {
  await withFolder(async (folder) => {
    await using gateway = await start(folder);
    await assert.rejects(start(folder), { message: `Cannot start the gateway: another one uses ${folder}` });
    await withFolder(async (other) => {
      const taken = `Cannot listen on 127.0.0.1:${gateway.port}: another program uses that port`;
      await assert.rejects(start(other, gateway.port), { message: taken });
      await using free = await start(other);
      assert.ok(free.port > 0);
    });
  });
});

Deno.test("a gateway stops within a second, also while somebody does not read a long answer to its end", async () => {
  await withFolder(async (folder) => {
    const clock = new FakeClock();
    const gateway = await start(folder, 0, clock);
    const { secret } = await gateway.management.createToken({ name: "test", role: "viewer" });
    const { key } = await gateway.management.addDevice({ deviceId: ROOF, model: "test", auth: "signed" });
    const body = upload("roof", blockOf(1, someSamples(5_000)));
    assert.equal((await send(gateway, signedPost(gateway, await keyOf(key), 1, body))).status, 200);
    const response = await fetch(gateway.url + SAMPLES, { headers: { authorization: `Bearer ${secret}` } });
    await clock.ended(gateway[Symbol.asyncDispose](), 1_000, "the stop");
    await response.body?.cancel();
  });
});

Deno.test("the store is healthy unless it cannot be written, read, or has no room; the log says why", async () => {
  await withFolder(async (folder) => {
    await using opened = await openTestStores(folder);
    const { stores, db } = opened;
    const told: unknown[] = [];
    const log = getLogger(["test"]);
    const trouble = new RateLimitedLog(
      Object.assign(Object.create(log), {
        error: (text: string, { error }: { error: Error }) => told.push([text, error.message]),
        info: () => {},
      }),
      systemClock,
    );
    const read = () => void stores.devices.find("x");
    const io = { dataDir: folder, commit: stores.commit, read, write: stores.touch, trouble };
    assert.equal(await storeTrouble(io), undefined);
    assert.deepEqual(told, []);
    assert.equal(await storeTrouble({ ...io, dataDir: `${folder}/gone` }), "no_answer");
    const closed = createGroupCommit(db);
    await closed.close();
    assert.equal(await storeTrouble({ ...io, commit: closed }), "no_answer");
    const broken = () => {
      throw new Error("test: disk I/O error");
    };
    assert.equal(await storeTrouble({ ...io, read: broken }), "no_answer");
    assert.match(String(told.at(-1)), /the gateway is not healthy: .*test: disk I\/O error/);

    const refused = () => {
      throw Object.assign(new Error("attempt to write a readonly database"), { code: "ERR_SQLITE_ERROR" });
    };
    assert.equal(await storeTrouble({ ...io, write: refused }), undefined, "nobody has tried to write yet");
    await assert.rejects(stores.commit.run(refused));
    for (let i = 0; i < 2; i++) assert.equal(await storeTrouble({ ...io, write: refused }), "refuses_writes");
    assert.match(String(told.at(-1)), /not healthy: .*attempt to write a readonly database/);
    assert.equal(await storeTrouble(io), undefined);
    assert.equal(stores.commit.trouble(), undefined);
  });
});

Deno.test("a gateway is alive when who connects to it is answered", async () => {
  await withFolder(async (folder) => {
    await using gateway = await start(folder);
    assert.deepEqual(await gateway.alive(), { alive: true });
    assert.match(await gateway.metrics.text(), /^ecowatt_http_requests_total\{path="other",code="200"\} 1$/m);
  });
});
