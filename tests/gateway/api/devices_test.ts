import assert from "node:assert/strict";
import { z } from "zod";
import { fromHex, toHex } from "../../../crypto/bytes.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import type { NodeHealth } from "../../../protocol/messages/node_health.ts";
import { at, NOW, openFixture } from "./fixture.ts";

const Secret = z.object({ number: z.number(), key: z.string() });

Deno.test("a device is registered, shown, listed page by page and taken off", async () => {
  await using f = await openFixture();
  const { status, body } = await f.ask("POST", "/api/v1/devices", { device_id: "b", model: "pi" });
  assert.equal(status, 201);
  const { number, key } = Secret.parse(at(body, "key"));
  assert.equal(number, 1);
  assert.equal(fromHex(key)?.length, 32);
  for (const device_id of ["c", "a"]) assert.equal((await f.ask("POST", "/api/v1/devices", { device_id })).status, 201);
  assert.deepEqual((await f.ask("GET", "/api/v1/devices/b")).body, {
    device_id: "b",
    model: "pi",
    auth: "signed",
    weak: false,
    wire_id: null,
    created_at_ms: NOW,
    last_upload_ms: null,
    last_sample_ms: null,
    inverters: [],
    state: "stale",
    state_since: new Date(NOW).toISOString(),
    state_since_ms: NOW,
    state_reason: "nothing was heard of it yet",
    state_reason_code: "never_heard",
    inverter_states: [],
    outbox: null,
    keys: [{ number: 1, created_at_ms: NOW, revoked_at_ms: null }],
  });
  const first = (await f.ask("GET", "/api/v1/devices?limit=2")).body;
  assert.deepEqual([at(first, "devices", 0, "device_id"), at(first, "devices", 1, "device_id")], ["a", "b"]);
  assert.equal(at(first, "next"), "b");
  const second = (await f.ask("GET", "/api/v1/devices?limit=2&after=b")).body;
  assert.equal(at(second, "devices", 0, "device_id"), "c");
  assert.equal(at(second, "next"), null);
  assert.equal((await f.ask("DELETE", "/api/v1/devices/b")).status, 204);
  assert.equal((await f.ask("DELETE", "/api/v1/devices/b")).status, 404);
  assert.equal((await f.ask("GET", "/api/v1/devices/b")).status, 404);
});

Deno.test("a device is not registered under a name that no address can hold", async () => {
  await using f = await openFixture();
  for (const device_id of [".", "..", "", "a/b", "a b", "é", "a".repeat(65)]) {
    assert.equal((await f.ask("POST", "/api/v1/devices", { device_id })).status, 400, device_id);
  }
  assert.equal((await f.ask("POST", "/api/v1/devices", { device_id: "..." })).status, 201);
});

Deno.test("a board is registered with the key that it has, and is called weak", async () => {
  await using f = await openFixture();
  const key = toHex(new Uint8Array(32).fill(7)); // test key
  const board = { device_id: "barn", auth: "legacy", wire_id: "ESP32_EcoWatt_Smart", key };
  const { status, body } = await f.ask("POST", "/api/v1/devices", board);
  assert.equal(status, 201);
  assert.equal(at(body, "weak"), true);
  assert.equal(at(body, "wire_id"), "ESP32_EcoWatt_Smart");
  assert.equal(at(body, "key", "key"), key);
  const others: readonly (readonly [unknown, number])[] = [
    [board, 409],
    [{ ...board, device_id: "shed" }, 422],
    [{ device_id: "shed", wire_id: "x" }, 400],
    [{ device_id: "shed", key: "00ff" }, 400],
    [{ device_id: "shed", auth: "none" }, 400],
    [{}, 400],
  ];
  for (const [device, expected] of others) {
    assert.equal((await f.ask("POST", "/api/v1/devices", device)).status, expected, JSON.stringify(device));
  }
});

Deno.test("a device shows what its node told of its outbox", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const tell = (health: NodeHealth) =>
    f.stores.commit.run(() => f.stores.recordedStates.told(f.management.device("roof"), health, NOW));
  const shown = async () => {
    const one = at((await f.ask("GET", "/api/v1/devices/roof")).body, "outbox");
    assert.deepEqual(at((await f.ask("GET", "/api/v1/devices")).body, "devices", 0, "outbox"), one);
    return one;
  };
  const older: NodeHealth = { upload_interval_s: 30, inverters: [] };
  assert.equal(await shown(), null);
  await tell({ ...older, outbox: { waiting: 3, oldest_ms: NOW - 60_000, dropped: 7 } });
  assert.deepEqual(await shown(), { waiting: 3, oldest_ms: NOW - 60_000, dropped: 7 });
  await tell({ ...older, outbox: { waiting: 0, dropped: 7 } });
  assert.deepEqual(await shown(), { waiting: 0, oldest_ms: null, dropped: 7 });
  await tell(older);
  assert.equal(await shown(), null, "an older node tells nothing of it");
});

Deno.test("keys are rotated: issued, in use together, revoked, never the last one and never more than four", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const keys = "/api/v1/devices/roof/keys";
  assert.equal((await f.ask("DELETE", `${keys}/1`)).status, 422);
  assert.equal(at((await f.ask("POST", keys)).body, "number"), 2);
  assert.equal((await f.ask("DELETE", `${keys}/1`)).status, 204);
  assert.equal((await f.ask("DELETE", `${keys}/1`)).status, 404);
  for (const number of [3, 4, 5]) assert.equal(at((await f.ask("POST", keys)).body, "number"), number);
  assert.equal((await f.ask("POST", keys)).status, 422);
  assert.equal((await f.ask("DELETE", `${keys}/0`)).status, 400);
  const device = f.management.device("roof");
  assert.deepEqual((await f.stores.devices.keys.active(device)).map(({ number }) => number), [5, 4, 3, 2]);
});

Deno.test("no answer but those that tell a new one contains a key or a token", async () => {
  await using f = await openFixture();
  const secrets = [
    Secret.parse(at((await f.ask("POST", "/api/v1/devices", { device_id: "roof" })).body, "key")).key,
    z.string().parse(at((await f.ask("POST", "/api/v1/tokens", { name: "x", role: "viewer" })).body, "token")),
  ];
  for (
    const path of ["/api/v1/devices", "/api/v1/devices/roof", "/api/v1/tokens", "/security/stats", "/security/log"]
  ) {
    const text = await (await f.send("admin", "GET", path)).text();
    for (const secret of secrets) assert.ok(!text.includes(secret), path);
  }
});

Deno.test("/security/reset gives a signed device a new key and lets a board count from 0", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const answer = (await f.ask("POST", "/security/reset", { device_id: "roof" })).body;
  assert.equal(at(answer, "status"), "success");
  assert.equal(at(answer, "key_number"), 2);
  const roof = f.management.device("roof");
  assert.deepEqual((await f.stores.devices.keys.active(roof)).map(({ number }) => number), [2]);

  const { device } = await f.management.addDevice({ deviceId: DeviceId.parse("barn"), model: "esp32", auth: "legacy" });
  const print = f.stores.devices.keys.fingerprints(device)[0] ?? NaN;
  const claim = (sequence: number, mac: number) =>
    f.stores.commit.run(() => f.stores.replay.claimBoard(print, sequence, new Uint8Array(32).fill(mac)));
  assert.deepEqual([await claim(50, 1), await claim(3, 2)], [true, false]);
  const reset = (await f.ask("POST", "/security/reset", { device_id: "barn" })).body;
  assert.equal(at(reset, "key"), undefined);
  assert.deepEqual([await claim(50, 1), await claim(3, 2)], [false, true]);
  assert.equal((await f.ask("POST", "/security/reset", { device_id: "nobody" })).status, 404);
});

Deno.test("/security/stats and /security/log tell what was validated, by device and bounded", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  await f.stores.commit.run(() => {
    const entry = { at: NOW, path: "/process", address: "192.0.2.7" };
    f.stores.securityLog.append({ ...entry, deviceId: "roof", sequence: 1, reason: "ok" });
    f.stores.replay.claim(f.management.device("roof").row, 1, 1);
    f.stores.securityLog.append({ ...entry, deviceId: "who", reason: "unknown_device", detail: "not known" });
  });
  assert.deepEqual((await f.ask("GET", "/security/stats")).body, {
    status: "success",
    security_stats: {
      total_validations: 2,
      valid_requests: 1,
      invalid_requests: 1,
      by_reason: { ok: 1, unknown_device: 1 },
      devices_tracked: 1,
      device_sequences: { roof: 1 },
    },
  });
  const log = (await f.ask("GET", "/security/log?device_id=who")).body;
  assert.deepEqual(log, {
    status: "success",
    device_id: "who",
    log_count: 1,
    log: [{
      id: 2,
      timestamp: "2026-06-21T12:00:00.000Z",
      device_id: "who",
      sequence: null,
      valid: false,
      message: "not known",
      reason: "unknown_device",
      path: "/process",
      address: "192.0.2.7",
    }],
    next: null,
  });
  assert.equal(at((await f.ask("GET", "/security/log?limit=1")).body, "log_count"), 1);
  assert.equal((await f.ask("GET", "/security/log?limit=0")).status, 400);
});

Deno.test("the security log is read to its end page by page, also of one outcome, while it grows", async () => {
  await using f = await openFixture();
  const append = (from: number, to: number) =>
    f.stores.commit.run(() => {
      const entry = { at: NOW, deviceId: "roof", path: "/process", address: "192.0.2.7" };
      for (let sequence = from; sequence <= to; sequence++) {
        f.stores.securityLog.append({ ...entry, sequence, reason: sequence % 10 === 0 ? "replay" : "ok" });
      }
    });
  const read = async (query: string) => {
    const pages: unknown[][] = [];
    for (let before: unknown = ""; before !== null; await append(1_000, 1_004)) {
      const { body } = await f.ask("GET", `/security/log?${query}${before === "" ? "" : `&before=${before}`}`);
      const log = at(body, "log");
      assert.ok(Array.isArray(log));
      pages.push(log.map(({ sequence }) => sequence));
      before = at(body, "next");
    }
    return pages;
  };
  const down = (from: number, to: number, step = 1) =>
    Array.from({ length: (from - to) / step + 1 }, (_, index) => from - step * index);
  await append(1, 250);
  assert.deepEqual(await read("limit=100"), [down(250, 151), down(150, 51), down(50, 1)]);
  const refused = (await read("limit=20&outcome=refused&device_id=roof")).flat();
  assert.deepEqual(refused.slice(-25), down(250, 10, 10));
  assert.deepEqual(await read("limit=20&outcome=bad_digest"), [[]]);
  assert.equal((await f.ask("GET", "/security/log?before=0")).status, 400);
  assert.equal((await f.ask("GET", "/security/log?outcome=odd")).status, 400);
});

Deno.test("tokens are made, listed, used and revoked over the API", async () => {
  await using f = await openFixture();
  const made = await f.send("admin", "POST", "/api/v1/tokens", { name: "grafana", role: "viewer" });
  assert.deepEqual([made.status, made.headers.get("cache-control")], [201, "no-store"]);
  const body: unknown = await made.json();
  const authorization = `Bearer ${z.string().parse(at(body, "token"))}`;
  const use = async () => (await f.app.request("/status", { headers: { authorization } }, { address: "::1" })).status;
  assert.equal(await use(), 200);
  await f.stores.commit.run(() => {}); // behind the note of the use
  const listed = z.looseObject({
    tokens: z.array(z.looseObject({ name: z.string(), last_used_ms: z.number().nullable() })),
  })
    .parse((await f.ask("GET", "/api/v1/tokens")).body);
  assert.equal(listed.tokens.find(({ name }) => name === "grafana")?.last_used_ms, NOW);
  const id = z.string().parse(at(body, "id"));
  assert.equal((await f.ask("DELETE", `/api/v1/tokens/${id}`)).status, 204);
  assert.equal((await f.ask("DELETE", `/api/v1/tokens/${id}`)).status, 404);
  assert.equal(await use(), 401);
  const past = { name: "x", role: "viewer", expires_at_ms: NOW };
  assert.equal((await f.ask("POST", "/api/v1/tokens", past)).status, 422);
  assert.equal((await f.ask("POST", "/api/v1/tokens", { name: "a\nb", role: "viewer" })).status, 400);
});

Deno.test("/status tells what runs, /health whether it can store, and nothing else", async () => {
  await using f = await openFixture();
  const { supported_features, ...status } = Object((await f.ask("GET", "/status")).body);
  assert.deepEqual(status, {
    server_status: "running",
    server_version: "1.2.3",
    mqtt_connected: false,
    mqtt_topic: "esp32/ecowatt_data",
    current_time: "2026-06-21T12:00:00.000Z",
  });
  assert.ok(supported_features.includes("sample_blocks") && supported_features.includes("firmware_rollouts"));
  const healthy = await f.send(undefined, "GET", "/health");
  assert.deepEqual([healthy.status, await healthy.json()], [200, { status: "healthy" }]);
  f.health.ok = false;
  const ill = await f.send(undefined, "GET", "/health");
  assert.equal(ill.status, 503);
  assert.equal(ill.headers.get("retry-after"), "5");
  await ill.body?.cancel();
});
