import assert from "node:assert/strict";
import { databasePath, MIGRATIONS } from "../../../gateway/store/database.ts";
import { createReplay } from "../../../gateway/store/replay.ts";
import { openSqlite } from "../../../platform/sqlite.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { openGatewayStore, register } from "../../fakes/gateway_store.ts";

const mac = (seed: number) => new Uint8Array(32).fill(seed);

Deno.test("a number used before a stop is refused after it, the next one is known, and late ones are taken", async () => {
  const first = openGatewayStore();
  const { device } = await register(first.devices, { deviceId: DeviceId.parse("roof"), model: "node", auth: "signed" });
  const replay = createReplay(first.db);
  assert.equal(replay.next(device.row, 1), 1);
  for (const sequence of [5, 3, 9]) assert.ok(replay.claim(device.row, 1, sequence));
  replay.settle();
  assert.ok(replay.isSettled());
  using second = first.restart();
  const after = createReplay(second.db);
  for (const sequence of [5, 3, 9]) assert.ok(!after.claim(device.row, 1, sequence));
  assert.ok(after.claim(device.row, 1, 4));
  assert.equal(after.next(device.row, 1), 10);
  assert.deepEqual([...after.highest()], [["roof", 9]]);
});

Deno.test("after a kill all numbers count as used that were reserved, and the device goes on behind them", async () => {
  const first = openGatewayStore();
  const { device } = await register(first.devices, { deviceId: DeviceId.parse("roof"), model: "node", auth: "signed" });
  const replay = createReplay(first.db);
  for (const sequence of [5, 3, 9]) assert.ok(replay.claim(device.row, 1, sequence));
  assert.deepEqual([...replay.highest()], [["roof", 9]]);
  using second = first.restart();
  const after = createReplay(second.db);
  for (const sequence of [3, 4, 5, 9, 10, 1029]) assert.ok(!after.claim(device.row, 1, sequence));
  const next = after.next(device.row, 1);
  assert.equal(next, 1030);
  assert.ok(after.claim(device.row, 1, next ?? 0));
});

Deno.test("a number rolled back with its transaction can be used again", async () => {
  using store = openGatewayStore();
  const { device } = await register(store.devices, { deviceId: DeviceId.parse("roof"), model: "node", auth: "signed" });
  const replay = createReplay(store.db);
  store.db.exec("BEGIN IMMEDIATE");
  const undo = replay.claim(device.row, 1, 1);
  store.db.exec("ROLLBACK");
  undo?.();
  assert.ok(replay.claim(device.row, 1, 1));
  assert.ok(!createReplay(store.db).claim(device.row, 1, 1), "reserved again, as that was rolled back as well");
});

Deno.test("a board's number goes up, or is one of the last ten with an HMAC that was never accepted", () => {
  using store = openGatewayStore();
  const replay = createReplay(store.db);
  const claims = [
    [0, 1, true],
    [0, 1, false],
    [0, 2, true],
    [0, 1, false],
    [0, 2, false],
    [1, 1, true], // another number is another pair
    [300, 3, true],
    [290, 4, false],
    [291, 5, true],
    [291, 5, false],
    [300, 6, true],
    [299, 7, true],
    [300, 3, false],
    [301, 8, true],
    [291, 9, false],
    [4294967295, 10, true],
  ] as const;
  for (const [index, [sequence, seed, expected]] of claims.entries()) {
    assert.equal(replay.claimBoard(7, sequence, mac(seed)), expected, `claim ${index} of ${sequence}`);
  }
  assert.ok(replay.claimBoard(8, 0, mac(1)), "another board is another pair");
});

Deno.test("a board that reboots again and again is heard each time, and each of its pairs once", () => {
  let store = openGatewayStore();
  const pairs: (readonly [number, number])[] = [];
  for (let boot = 0; boot < 20; boot++) {
    const replay = createReplay(store.db);
    for (let n = 0; n < 9; n++) {
      const pair = [40 + n, 9 * boot + n] as const;
      assert.ok(replay.claimBoard(7, pair[0], mac(pair[1])), `boot ${boot}, number ${pair[0]}`);
      pairs.push(pair);
      for (const [sequence, seed] of pairs) assert.ok(!replay.claimBoard(7, sequence, mac(seed)));
    }
    store = store.restart();
  }
  const replay = createReplay(store.db);
  for (let reset = 0; reset < 2; reset++) {
    replay.resetBoard(7);
    for (const [sequence, seed] of pairs) assert.ok(!replay.claimBoard(7, sequence, mac(seed)), `reset ${reset}`);
    assert.ok(replay.claimBoard(7, 0, mac(250 + reset)));
  }
  store[Symbol.dispose]();
});

Deno.test("a number repeated by a board is rolled back with its transaction, and its pair can be used again", () => {
  using store = openGatewayStore();
  const replay = createReplay(store.db);
  assert.ok(replay.claimBoard(7, 8, mac(1)));
  store.db.exec("BEGIN IMMEDIATE");
  assert.ok(replay.claimBoard(7, 3, mac(2)));
  assert.ok(replay.claimBoard(7, 8, mac(3)));
  store.db.exec("ROLLBACK");
  assert.ok(replay.claimBoard(7, 8, mac(3)));
  assert.ok(!replay.claimBoard(7, 8, mac(3)));
});

Deno.test("a database of the version before opens, and what was accepted under it stays refused", () => {
  const directory = Deno.makeTempDirSync();
  const before = openSqlite(databasePath(directory), { synchronous: "full", migrations: MIGRATIONS.slice(0, 1) });
  before.exec("INSERT INTO board_counter(fingerprint, epoch, last) VALUES (7, 0, 8)");
  const marks = new Uint8Array(1024).fill(1, 4 * 8, 4 * 9);
  before.prepare("INSERT INTO board_marks(fingerprint, chunk, epoch, marks) VALUES (7, 0, 0, ?)").run(marks);
  before.close();
  using store = openGatewayStore(directory);
  const replay = createReplay(store.db);
  assert.ok(!replay.claimBoard(7, 8, mac(1)));
  assert.ok(replay.claimBoard(7, 8, mac(2)));
  assert.ok(!replay.claimBoard(7, 8, mac(2)));
});

Deno.test("after a reset a board starts from 0 again, but no capture of any earlier time is accepted", () => {
  const first = openGatewayStore();
  const replay = createReplay(first.db);
  for (let sequence = 0; sequence < 600; sequence++) assert.ok(replay.claimBoard(7, sequence, mac(sequence % 251)));
  replay.resetBoard(7);
  replay.resetBoard(7);
  using second = first.restart();
  const after = createReplay(second.db);
  for (let sequence = 0; sequence < 600; sequence++) assert.ok(!after.claimBoard(7, sequence, mac(sequence % 251)));
  assert.ok(after.claimBoard(7, 0, mac(252)));
  assert.ok(after.claimBoard(7, 599, mac(253)));
  after.resetBoard(7);
  for (const [sequence, seed] of [[0, 0], [0, 252], [599, 253], [599, 599 % 251]] as const) {
    assert.ok(!after.claimBoard(7, sequence, mac(seed)));
  }
  assert.ok(after.claimBoard(7, 0, mac(254)));
});

Deno.test("an HMAC that begins with zeros is remembered as well", () => {
  using store = openGatewayStore();
  const replay = createReplay(store.db);
  assert.ok(replay.claimBoard(7, 3, mac(0)));
  replay.resetBoard(7);
  assert.ok(!replay.claimBoard(7, 3, mac(0)));
  assert.ok(replay.claimBoard(7, 2, mac(9)));
});

Deno.test("a late upload of a board does not open the numbers below it", () => {
  using store = openGatewayStore();
  const replay = createReplay(store.db);
  for (const sequence of [300, 291]) assert.ok(replay.claimBoard(7, sequence, mac(sequence % 200)));
  assert.ok(!replay.claimBoard(7, 290, mac(4)));
  assert.ok(!replay.claimBoard(7, 285, mac(5)));
});

Deno.test("a board that starts again costs four bytes an upload as before, not a row", () => {
  using store = openGatewayStore();
  const replay = createReplay(store.db);
  for (let sequence = 0; sequence < 100; sequence++) assert.ok(replay.claimBoard(7, sequence, mac(1)));
  replay.resetBoard(7);
  for (let sequence = 0; sequence < 100; sequence++) assert.ok(replay.claimBoard(7, sequence, mac(2)));
  assert.deepEqual({ ...store.db.prepare("SELECT count(*) AS n FROM board_repeat").get() }, { n: 0 });
});
