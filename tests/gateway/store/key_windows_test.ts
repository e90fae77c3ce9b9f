import assert from "node:assert/strict";
import { databasePath, MIGRATIONS } from "../../../gateway/store/database.ts";
import { leapAfterRestore, SCHEMA_OF_LATER_KEYS } from "../../../gateway/store/key_windows.ts";
import { createReplay } from "../../../gateway/store/replay.ts";
import { openSqlite } from "../../../platform/sqlite.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { HIGHEST_SEQUENCE } from "../../../protocol/sequence_number.ts";
import { type GatewayStore, openGatewayStore, register } from "../../fakes/gateway_store.ts";

/** The schema in which all keys of a device had one window. */
const BEFORE = MIGRATIONS.slice(0, MIGRATIONS.indexOf(SCHEMA_OF_LATER_KEYS));

async function roofIn(store: GatewayStore) {
  const { device } = await register(store.devices, {
    deviceId: DeviceId.parse("roof"),
    model: "node",
    auth: "signed",
  });
  return { device, row: device.row, replay: createReplay(store.db) };
}

/** How the version before read the window that all keys of a device had. */
function shared(store: GatewayStore): unknown {
  return store.db.prepare("SELECT highest FROM sequence_window").get()?.["highest"];
}

Deno.test("a name that was used up to the highest number is locked out until its next key", async () => {
  using store = openGatewayStore();
  const { row, replay } = await roofIn(store);
  assert.ok(replay.claim(row, 1, HIGHEST_SEQUENCE));
  assert.equal(replay.claim(row, 1, 5), undefined);
  assert.equal(replay.claim(row, 1, HIGHEST_SEQUENCE), undefined);
  assert.equal(replay.next(row, 1), undefined, "there is none to be named");
  assert.ok(replay.claim(row, 2, 1));
  assert.equal(replay.claim(row, 2, 1), undefined);
  assert.equal(replay.next(row, 2), 2);
  assert.deepEqual([...replay.highest()], [["roof", 1]]);
});

Deno.test("a new key begins at 1 again, each key has its own numbers, and no number of any key is taken twice", async () => {
  const first = openGatewayStore();
  const { row, replay } = await roofIn(first);
  for (const sequence of [1, 2, 5000]) assert.ok(replay.claim(row, 1, sequence));
  for (const key of [2, 3]) {
    for (const sequence of [1, 2, 3, 5000]) assert.ok(replay.claim(row, key, sequence), `${key} ${sequence}`);
  }
  replay.settle();
  using second = first.restart();
  const after = createReplay(second.db);
  for (const key of [1, 2, 3]) {
    for (const sequence of [1, 2, 5000]) assert.equal(after.claim(row, key, sequence), undefined, `${key} ${sequence}`);
    assert.equal(after.next(row, key), 5001);
  }
  assert.ok(after.claim(row, 2, 4999));
});

Deno.test("a program of the version before, after a rollback, takes no number that was used under any key", async () => {
  using store = openGatewayStore();
  const { row, replay } = await roofIn(store);
  assert.ok(replay.claim(row, 1, 100));
  assert.ok(replay.claim(row, 2, 300));
  assert.ok(replay.claim(row, 2, 7));
  assert.ok(Number(shared(store)) >= 300);
  replay.settle();
  assert.equal(shared(store), 300);
});

Deno.test("the numbers of the version before go on for the keys that there were", () => {
  const directory = Deno.makeTempDirSync();
  const before = openSqlite(databasePath(directory), { synchronous: "full", migrations: BEFORE });
  before.exec(`INSERT INTO device(id, device_id, model, auth, created_at) VALUES (1, 'roof', 'node', 'signed', 0);
    INSERT INTO device(id, device_id, model, auth, created_at) VALUES (2, 'barn', 'node', 'signed', 0);
    INSERT INTO device_key VALUES (1, 1, NULL, 1, 0, 0), (1, 2, x'00', 2, 0, NULL), (2, 1, x'00', 3, 0, NULL);
    INSERT INTO sequence_window VALUES (1, 700, zeroblob(128)), (2, 9007199254740992, zeroblob(128))`);
  before.close();
  using store = openGatewayStore(directory);
  const replay = createReplay(store.db);
  assert.equal(replay.claim(1, 2, 700), undefined);
  assert.ok(replay.claim(1, 2, 701));
  assert.equal(replay.claim(1, 1, 701), undefined);
  assert.ok(replay.claim(1, 3, 1), "a key that was issued since");
  assert.equal(replay.claim(2, 1, 5), undefined);
  assert.ok(replay.claim(2, 2, 5), "a name that was locked out for ever before");
  assert.deepEqual(Object.fromEntries(replay.highest()), { barn: 5, roof: 1 });
});

Deno.test("after a restore every number that can have been used counts as used, under every key", async () => {
  using store = openGatewayStore();
  const { device, row, replay } = await roofIn(store);
  const issue = await store.devices.keys.issue(device.deviceId);
  const unused = await (issue(device, 0), store.devices.keys.issue(device.deviceId));
  unused(device, 0);
  for (const sequence of [1, 2, 3]) assert.ok(replay.claim(row, 1, sequence));
  assert.ok(replay.claim(row, 2, 9));
  leapAfterRestore(store.db);
  const after = createReplay(store.db);
  for (const key of [1, 2, 3]) {
    for (const sequence of [1, 2, 3, 9, 5000, 2 ** 32]) {
      assert.equal(after.claim(row, key, sequence), undefined, `key ${key}, number ${sequence}`);
    }
    const next = after.next(row, key);
    assert.ok(next !== undefined && after.claim(row, key, next), `key ${key} goes on from ${next}`);
  }
});

Deno.test("a restore at the end of the numbers accepts nothing again, and everything can still be read", async () => {
  for (const highest of [HIGHEST_SEQUENCE, HIGHEST_SEQUENCE - 1, HIGHEST_SEQUENCE - 500]) {
    using store = openGatewayStore();
    const { row, replay } = await roofIn(store);
    const used = [highest - 3, highest - 1, highest];
    for (const sequence of used) assert.ok(replay.claim(row, 1, sequence));
    for (let restore = 0; restore < 3; restore++) leapAfterRestore(store.db);
    const after = createReplay(store.db);
    for (const sequence of [...used, highest - 2, highest - 1000]) {
      assert.equal(after.claim(row, 1, sequence), undefined, `${sequence} of ${highest}`);
    }
    assert.deepEqual([...after.highest()], [["roof", HIGHEST_SEQUENCE]]);
    assert.equal(after.next(row, 1), undefined);
    assert.ok(after.claim(row, 2, 1));
  }
});
