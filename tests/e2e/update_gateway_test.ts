import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromHex } from "../../crypto/bytes.ts";
import { importHmacKey } from "../../crypto/hmac.ts";
import { slotFiles } from "../../ota/slots/files.ts";
import { arm } from "../../ota/slots/slots.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import type { DeviceKey } from "../../protocol/device_signature.ts";
import { blockOf, send, signedPost, someSamples, upload } from "../fakes/device_gateway.ts";
import { nextRelease } from "./next_release.ts";
import { start, until } from "./process.ts";
import { freePort } from "../fakes/free_port.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, output, samples } from "./site.ts";
import { exists, PRODUCT, shellWords } from "./update_site.ts";

const GUARD = fileURLToPath(new URL("../../packaging/boot-guard", import.meta.url));
const HOUR_MS = 3_600_000;
/** Of the samples: raw ones are kept for days. */
const START = Date.now() - 6 * HOUR_MS;

/** A gateway's boot guard with the old program in slot a and the next release on trial in slot b. */
async function furnish(folder: string): Promise<string> {
  const root = join(folder, "slots");
  const files = await slotFiles(root);
  const next = await nextRelease(join(folder, "next"), "2.0.1");
  const image = async (slot: string, body: string) => {
    await Deno.mkdir(join(root, slot));
    await Deno.writeTextFile(join(root, slot, "ecowatt"), `#!/bin/sh\n${body} "$@"\n`, { mode: 0o755 });
  };
  await image("a", `exec ${PRODUCT}`);
  await image("b", `echo $$ >"$ECOWATT_SLOTS/pid"\nexec ${shellWords(next)}`);
  await files.link("a", "current");
  await arm(files, { slot: "b", image: "ab".repeat(32), limit: 1, windowS: 300 });
  return root;
}

Deno.test("a next release that migrates the gateway's database and is killed: the old one has all that it took", async () => {
  await using folder = await temporaryDirectory();
  const local = ["--data-dir", folder.path];
  const port = String(freePort());
  const url = `http://127.0.0.1:${port}`;
  const token = await output(["token", "create", "test", "--role", "admin", ...local]);
  const post = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
    assert.ok(response.ok, `${path}: ${response.status}`);
    return await response.json();
  };
  const addDevice = async (name: string): Promise<DeviceKey> => {
    const { key } = await post("/api/v1/devices", { device_id: name, model: "ecowatt" });
    const raw = fromHex(key.key) ?? assert.fail("a key in hex");
    return { deviceId: DeviceId.parse(name), number: 1, hmac: await importHmacKey(raw) };
  };
  const uploaded = async (key: DeviceKey, sequence: number, block: number) => {
    const points = someSamples(5, START + block * HOUR_MS);
    return await send({ url }, signedPost({ url }, key, sequence, upload(key.deviceId, blockOf(block, points))));
  };

  await using old = start(["gateway", ...local, "--port", port]);
  await old.says(/Gateway on/);
  const roof = await addDevice("roof");
  assert.equal((await uploaded(roof, 1, 1)).status, 200);
  await old.kill("SIGTERM");

  const slots = await furnish(folder.path);
  const args = [slots, "/nonexistent", "gateway", ...local, "--port", port];
  await using box = start(args, { program: [GUARD] });
  const isUp = async () => {
    const answer = await fetch(`${url}/health`);
    await answer.body?.cancel();
    return answer.ok || undefined;
  };
  await until("the next release", isUp);
  assert.match(box.err(), /trial of slot b, start 1/);
  const database = join(folder.path, "gateway/gateway.db");
  assert.ok(await exists(`${database}.before`), "a copy from before the migration");
  const shed = await addDevice("shed");
  assert.equal((await uploaded(roof, 2, 2)).status, 200);
  assert.equal((await uploaded(shed, 1, 1)).status, 200);
  Deno.kill(Number(await Deno.readTextFile(join(slots, "pid"))), "SIGKILL");

  await box.says(/slot b failed: signal 9[^]*went back to the schema before the update/);
  await until("the old program", isUp);
  assert.equal((await samples(url, token, "roof")).length, 10);
  assert.equal((await samples(url, token, "shed")).length, 5);
  const replayed = await uploaded(roof, 2, 3);
  assert.deepEqual([replayed.status, replayed.json.reason], [401, "replay"]);
  const { json: { next_sequence: next } } = await uploaded(shed, 2, 1); // what it reserved before it was killed
  const again = await uploaded(shed, next, 1);
  assert.deepEqual([again.status, again.json.duplicate_blocks], [200, [1]]);
  const { devices } = await ask<{ devices: { device_id: string }[] }>(url, token, "/api/v1/devices");
  assert.deepEqual(devices.map(({ device_id }) => device_id).toSorted(), ["roof", "shed"]);
  for (const left of ["before", "newer"]) assert.equal(await exists(`${database}.${left}`), false, left);
});
