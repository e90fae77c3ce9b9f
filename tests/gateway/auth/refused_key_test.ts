import assert from "node:assert/strict";
import { z } from "zod";
import { utf8 } from "../../../crypto/bytes.ts";
import { deviceRoute, jsonAnswer } from "../../../gateway/http/device_route.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import {
  addSigned,
  boardPost,
  type DeviceGateway,
  type Post,
  send,
  signedPost,
  startDeviceGateway,
} from "../../fakes/device_gateway.ts";
import { register } from "../../fakes/gateway_store.ts";

const key = new Uint8Array(32).fill(3); // a test key
const changes = deviceRoute("/changes", z.object({ device_id: z.string() }), () => jsonAnswer(200, {}));

async function addBoard({ store }: DeviceGateway, name: string, wireId: string, raw: Uint8Array<ArrayBuffer>) {
  const board = { deviceId: DeviceId.parse(name), model: "esp32", auth: "legacy", wireId, key: raw } as const;
  return (await register(store.devices, board)).device;
}

const body = (name: string) => utf8(JSON.stringify({ device_id: name, timestamp: 1, data: [[1, 2, 3, 4, 5, 6]] }));
const upload = (name: string, sequence: number, raw = key) => boardPost(raw, sequence, body(name));
const ask = (name: string): Post => ({
  path: "/changes",
  body: body(name),
  headers: { "content-type": "application/json" },
  verify: () => false,
});

/** Sends what has to be refused, and gives what the log says of it. */
async function refused(gateway: DeviceGateway, post: Post | Promise<Post>): Promise<readonly unknown[]> {
  const answer = await send(gateway, post);
  assert.deepEqual([answer.status, answer.json.detail], [401, "The request is not authentic"]);
  const [entry] = gateway.store.stores.securityLog.latest({ limit: 1 });
  return [entry?.reason, entry?.detail];
}

Deno.test("the log tells a board's revoked key from a wrong one, a removed board from one that never was", async () => {
  await using gateway = startDeviceGateway({ routes: [changes] });
  const { devices } = gateway.store;
  const board = await addBoard(gateway, "shed", "ESP32", key);
  assert.equal((await send(gateway, upload("ESP32", 0))).status, 200);
  const wrong = new Uint8Array(32).fill(4); // a test key
  const other = "the HMAC is none of this board's key over this body: another key, or a changed body";
  assert.deepEqual(await refused(gateway, upload("ESP32", 1, wrong)), ["bad_signature", other]);

  const issue = await devices.keys.issue(board.deviceId, new Uint8Array(32).fill(5));
  issue(board, 1);
  devices.keys.revoke(board, 1, 2);
  const perhaps =
    "the HMAC is none of a key in use over this body: another key, perhaps a revoked one, or a changed body";
  assert.deepEqual(await refused(gateway, upload("ESP32", 1)), ["bad_signature", perhaps]);

  devices.keys.revoke(board, 2, 2);
  const all = ["unknown_device", "every key of this board was revoked"];
  assert.deepEqual(await refused(gateway, upload("ESP32", 1)), all);
  assert.deepEqual(await refused(gateway, ask("ESP32")), all);

  devices.remove("shed", 3);
  const removed = ["unknown_device", "the board was removed"];
  assert.deepEqual(await refused(gateway, upload("ESP32", 1)), removed);
  assert.deepEqual(await refused(gateway, ask("shed")), removed);
  const never = ["unknown_device", "no such board is registered"];
  assert.deepEqual(await refused(gateway, upload("ESP8266", 1)), never);
  assert.deepEqual(await refused(gateway, ask("ESP8266")), never);
});

Deno.test("the log tells a node's revoked key from one it never had, a removed node from one that never was", async () => {
  await using gateway = startDeviceGateway({ routes: [changes] });
  const { devices } = gateway.store;
  const node = await addSigned(gateway.store, "roof");
  const asking = (key = node) => signedPost(gateway, key, 1, { device_id: key.deviceId }, "/changes");
  const policy = ["policy", "this device has to sign"];
  assert.deepEqual(await refused(gateway, ask("roof")), policy);
  assert.deepEqual(await refused(gateway, upload("roof", 1)), policy);
  const unknown = await refused(gateway, asking({ ...node, number: 2 }));
  assert.deepEqual(unknown, ["unknown_device", "the device has no key 2"]);
  devices.keys.revoke(devices.find("roof") ?? assert.fail(), 1, 2);
  assert.deepEqual(await refused(gateway, asking()), ["unknown_device", "key 1 of the device was revoked"]);
  devices.remove("roof", 3);
  assert.deepEqual(await refused(gateway, asking()), ["unknown_device", "the device was removed"]);
  const nobody = { ...node, deviceId: DeviceId.parse("nobody") };
  assert.deepEqual(await refused(gateway, asking(nobody)), ["unknown_device", "no such device is registered"]);
});
