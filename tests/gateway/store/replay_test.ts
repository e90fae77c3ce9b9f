import assert from "node:assert/strict";
import { createReplay } from "../../../gateway/store/replay.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

const mac = (seed: number) => new Uint8Array(32).fill(seed);

Deno.test("a number used before a restart is refused after it, and the next one is known", () => {
  const first = openGatewayStore();
  const { device } = first.devices.add({ deviceId: DeviceId.parse("roof"), model: "node", auth: "signed" }, 1);
  const replay = createReplay(first.db);
  assert.equal(replay.next(device.row), 1);
  for (const sequence of [5, 3, 9]) assert.ok(replay.claim(device.row, sequence));
  using second = first.restart();
  const after = createReplay(second.db);
  for (const sequence of [5, 3, 9]) assert.ok(!after.claim(device.row, sequence));
  assert.ok(after.claim(device.row, 4));
  assert.equal(after.next(device.row), 10);
  assert.deepEqual([...after.highest()], [["roof", 9]]);
});

Deno.test("a number rolled back with its transaction can be used again", () => {
  using store = openGatewayStore();
  const { device } = store.devices.add({ deviceId: DeviceId.parse("roof"), model: "node", auth: "signed" }, 1);
  const replay = createReplay(store.db);
  store.db.exec("BEGIN IMMEDIATE");
  assert.ok(replay.claim(device.row, 1));
  store.db.exec("ROLLBACK");
  assert.ok(replay.claim(device.row, 1));
});

Deno.test("a board starts at 0 and then only goes up", () => {
  using store = openGatewayStore();
  const replay = createReplay(store.db);
  const claims = [[0, true], [0, false], [1, true], [1, false], [0, false], [300, true], [299, false], [
    4294967295,
    true,
  ]] as const;
  for (const [index, [sequence, expected]] of claims.entries()) {
    assert.equal(replay.claimBoard(7, sequence, mac(index + 1)), expected, `claim ${index} of ${sequence}`);
  }
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
