import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import { fromHex, utf8 } from "../../../crypto/bytes.ts";
import { Fault } from "../../../gateway/fault.ts";
import { createStoreChanges } from "../../../gateway/store/changes.ts";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import { createDevices, type Devices } from "../../../gateway/store/devices.ts";
import { createKeyVault, openKeyVault } from "../../../keys/key_vault.ts";
import { KeyNumberTaken } from "../../../gateway/store/device_keys.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { register } from "../../fakes/gateway_store.ts";

const roof = DeviceId.parse("roof");
const garage = DeviceId.parse("garage");

const changesOf = (db: DatabaseSync) => createStoreChanges({ db, clock: systemClock });

function withRegistry(
  body: (
    devices: Devices,
    reopen: (allowPublishedKeys?: boolean) => Promise<Devices>,
    directory: string,
  ) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const directory = await Deno.makeTempDir();
    let db = openGatewayDatabase(`${directory}/data`);
    const registry = async (allowPublishedKeys = false) => {
      const vault = await openKeyVault(`${directory}/data`, systemRandom);
      return createDevices(db, { vault, random: systemRandom, allowPublishedKeys, changes: changesOf(db) });
    };
    try {
      await body(await registry(), (allow) => {
        db.close();
        db = openGatewayDatabase(`${directory}/data`);
        return registry(allow);
      }, `${directory}/data`);
    } finally {
      db.close();
      await Deno.remove(directory, { recursive: true });
    }
  };
}

const fault = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;

Deno.test(
  "a device, its policy and its key come back after a restart",
  withRegistry(async (devices, reopen) => {
    const { device, key } = await register(devices, { deviceId: roof, model: "node", auth: "signed" }, 1000);
    assert.equal(key.raw.length, 32);
    assert.equal(key.number, 1);
    const again = await reopen();
    assert.deepEqual(again.find("roof"), device);
    assert.deepEqual((await again.keys.active(device)).map(({ number, raw }) => ({ number, raw })), [key]);
    await assert.rejects(register(again, { deviceId: roof, model: "node", auth: "signed" }), fault("conflict"));
  }),
);

Deno.test(
  "a new key gets the next number, a revoked one is gone, and the numbers go on after a removal",
  withRegistry(async (devices) => {
    const { device } = await register(devices, { deviceId: roof, model: "node", auth: "signed" }, 1000);
    const issue = await devices.keys.issue(roof);
    const late = await devices.keys.issue(roof);
    assert.equal(issue(device, 2000).number, 2);
    assert.throws(() => late(device, 2500), KeyNumberTaken);
    assert.ok(devices.keys.revoke(device, 1, 3000));
    assert.ok(!devices.keys.revoke(device, 1, 3000));
    assert.deepEqual((await devices.keys.active(device)).map((key) => key.number), [2]);
    assert.deepEqual(devices.keys.list(device), [
      { number: 1, createdAt: 1000, revokedAt: 3000 },
      { number: 2, createdAt: 2000, revokedAt: undefined },
    ]);
    assert.ok(devices.remove("roof", 4000));
    assert.equal(devices.find("roof"), undefined);
    const back = await register(devices, { deviceId: roof, model: "node", auth: "signed" }, 5000);
    assert.equal(back.device.row, device.row);
    assert.equal(back.key.number, 3);
  }),
);

Deno.test(
  "boards share a wire id but never a key",
  withRegistry(async (devices) => {
    const key = utf8("test key of thirty-two bytes ....");
    const first = await register(devices, {
      deviceId: roof,
      model: "esp32",
      auth: "legacy",
      wireId: "ESP32_EcoWatt_Smart",
      key: key.slice(0, 32),
    });
    await assert.rejects(
      register(devices, {
        deviceId: garage,
        model: "esp32",
        auth: "legacy",
        wireId: "ESP32_EcoWatt_Smart",
        key: key.slice(0, 32),
      }),
      fault("refused"),
    );
    assert.deepEqual(devices.withWireId("ESP32_EcoWatt_Smart").map((device) => device.deviceId).includes(roof), true);
    devices.sawAt(first.device, "10.0.0.7");
    assert.deepEqual(devices.withAddress("10.0.0.7").map((device) => device.deviceId), ["roof"]);
    await assert.rejects(
      devices.add({ deviceId: DeviceId.parse("x"), model: "m", auth: "signed", key: key.slice(0, 5) }),
      fault("refused"),
    );
  }),
);

Deno.test(
  "a published key is refused unless the demo allows it",
  withRegistry(async (devices, reopen) => {
    const key = fromHex("2b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfe"); // published test key
    assert.ok(key);
    // It is said how to give the board a key of its own.
    await assert.rejects(
      devices.add({ deviceId: roof, model: "esp32", auth: "legacy", key }),
      { code: "refused", message: /without a key, .* the header that is printed/ },
    );
    const again = await register(await reopen(true), { deviceId: garage, model: "esp32", auth: "legacy", key });
    assert.equal(again.key.number, 1);
  }),
);

Deno.test(
  "the version changes with every change, also one by another process",
  withRegistry(async (devices, _reopen, directory) => {
    const before = devices.version();
    assert.equal(devices.version(), before);
    const { device } = await register(devices, { deviceId: roof, model: "node", auth: "signed" });
    const own = devices.version();
    assert.notEqual(own, before);
    using db = openGatewayDatabase(directory);
    const vault = await openKeyVault(directory, systemRandom);
    const other = createDevices(db, { vault, random: systemRandom, changes: changesOf(db) });
    other.keys.revoke(device, 1, 2);
    await new Promise<void>((turned) => setImmediate(turned)); // others are asked about once a turn of the event loop
    assert.notEqual(devices.version(), own);
  }),
);

Deno.test(
  "keys are unreadable in the database file, with another master key, and under another name",
  withRegistry(async (devices, _reopen, directory) => {
    const { device, key } = await register(devices, { deviceId: roof, model: "node", auth: "signed" });
    for await (const entry of Deno.readDir(directory)) {
      const path = `${directory}/${entry.name}`;
      assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o077, 0, `${entry.name} is readable by others`);
      if (entry.name === "master.key") continue;
      assert.equal(Buffer.from(await Deno.readFile(path)).includes(Buffer.from(key.raw)), false);
    }
    assert.equal((await Deno.stat(directory)).mode! & 0o077, 0);
    using db = openGatewayDatabase(directory);
    const foreign = createDevices(db, {
      vault: await createKeyVault(systemRandom.bytes(32), systemRandom),
      random: systemRandom,
      changes: changesOf(db),
    });
    await assert.rejects(foreign.keys.active(device), /master key/);
  }),
);

Deno.test("what a vault sealed opens only unaltered and in its own context", async () => {
  const vault = await createKeyVault(systemRandom.bytes(32), systemRandom);
  const sealed = await vault.seal(utf8("secret"), "a");
  assert.deepEqual(await vault.unseal(sealed, "a"), utf8("secret"));
  assert.equal(await vault.unseal(sealed, "b"), undefined);
  for (let i = 0; i < sealed.length; i++) {
    const altered = sealed.slice();
    altered[i]! ^= 1;
    assert.equal(await vault.unseal(altered, "a"), undefined);
  }
  assert.equal(await vault.unseal(sealed.subarray(0, 20), "a"), undefined);
});
