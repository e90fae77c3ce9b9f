import assert from "node:assert/strict";
import { z } from "zod";
import { utf8 } from "../../../crypto/bytes.ts";
import { deviceRoute, jsonAnswer } from "../../../gateway/http/device_route.ts";
import { Fault } from "../../../gateway/fault.ts";
import { createReplay } from "../../../gateway/store/replay.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import {
  addSigned,
  blockOf,
  boardPost,
  type DeviceGateway,
  type Post,
  send,
  signedPost,
  someSamples,
  startDeviceGateway,
  storedSamples,
  upload,
} from "../../fakes/device_gateway.ts";

import { register } from "../../fakes/gateway_store.ts";

const testKey = utf8("test key of a board, 32 bytes ...").slice(0, 32);
const other = deviceRoute(
  "/changes",
  z.object({ device_id: z.string() }),
  ({ device }) => jsonAnswer(200, { status: "success", device_id: device.deviceId }),
);

Deno.test("no request is accepted twice: repeated, reordered, on another path, at once, or after a restart", async () => {
  let gateway = startDeviceGateway({ routes: [other] });
  const key = await addSigned(gateway.store, "roof");
  const posts: Post[] = [];
  const accepted: number[] = [];
  const post = (sequence: number, path = "/process") =>
    signedPost(
      gateway,
      key,
      sequence,
      path === "/process" ? upload("roof", blockOf(sequence, someSamples())) : { device_id: "roof" },
      path,
    );

  for (const sequence of [5, 3, 2, 9, 1, 4, 8, 2000, 977, 976, 975]) {
    const path = sequence % 2 === 0 ? "/changes" : "/process";
    const request = await post(sequence, path);
    posts.push(request);
    const answer = await send(gateway, request);
    if (answer.status === 200) accepted.push(sequence);
  }
  assert.deepEqual(accepted, [5, 3, 2, 9, 1, 4, 8, 2000, 977, 976]); // 975 is below the window of 2000
  const stored = storedSamples(gateway.store);

  const expectRefused = async (request: Post) => {
    const answer = await send(gateway, request);
    assert.deepEqual([answer.status, answer.json.next_sequence, answer.json.reason], [401, 2001, "replay"]);
  };
  for (const request of posts) await expectRefused(request);
  for (const sequence of accepted) { // the number again, newly signed, on the other path
    await expectRefused(await post(sequence, sequence % 2 === 0 ? "/process" : "/changes"));
  }
  gateway = await gateway.restart();
  for (const request of posts.toReversed()) await expectRefused(request);
  assert.equal(storedSamples(gateway.store), stored);

  const once = post(2001);
  const answers = await Promise.all(Array.from({ length: 16 }, () => send(gateway, once)));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, ...Array(15).fill(401)]);
  assert.equal(storedSamples(gateway.store), stored + 5);
  await gateway[Symbol.asyncDispose]();
});

Deno.test("a request signed for one path or query is not accepted on another", async () => {
  await using gateway = startDeviceGateway({ routes: [other] });
  const key = await addSigned(gateway.store, "roof");
  const request = await signedPost(gateway, key, 1, { device_id: "roof" }, "/changes");
  assert.equal((await send(gateway, { ...request, path: "/process" })).status, 401);
  assert.equal((await send(gateway, { ...request, path: "/changes?x=1" })).status, 401);
  assert.equal((await send(gateway, request)).status, 200);
});

Deno.test("a replay is answered with a signed next_sequence from which the node goes on", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  await send(gateway, signedPost(gateway, key, 41, upload("roof", blockOf(1, someSamples()))));
  const refused = await send(gateway, signedPost(gateway, key, 41, upload("roof", blockOf(2, someSamples()))));
  assert.ok(refused.signed);
  const { next_sequence } = refused.json;
  assert.equal(
    (await send(gateway, signedPost(gateway, key, next_sequence, upload("roof", blockOf(2, someSamples()))))).status,
    200,
  );
});

Deno.test("a refused body uses its number up, and a refused effect leaves nothing but the number and the log", async () => {
  const failing = deviceRoute("/changes", z.object({ device_id: z.string() }), ({ device }) => {
    gateway.store.devices.sawAt(device, "half done");
    throw new Fault("conflict", "not now");
  });
  const gateway = startDeviceGateway({ routes: [failing] });
  const key = await addSigned(gateway.store, "roof");
  const post = await signedPost(gateway, key, 1, { device_id: "roof" }, "/changes");
  const answer = await send(gateway, post);
  assert.deepEqual([answer.status, answer.signed, answer.json.detail], [409, true, "not now"]);
  const device = gateway.store.devices.find("roof");
  assert.ok(device);
  assert.equal(gateway.store.devices.addressOf(device), undefined);
  assert.equal((await send(gateway, post)).json.reason, "replay");
  await gateway[Symbol.asyncDispose]();
});

function boardBody(timestamp: number): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify({ device_id: "ESP32", timestamp, compressed_data: [[2300, 20, 30, 1000, 5, 350]] }));
}

async function addBoard(gateway: DeviceGateway, name: string, key = testKey): Promise<void> {
  const deviceId = DeviceId.parse(name);
  await register(gateway.store.devices, { deviceId, model: "esp32", auth: "legacy", wireId: "ESP32", key });
}

Deno.test("a board's captures stay refused after a reset and a restart, while the board starts again from 0", async () => {
  let gateway = startDeviceGateway();
  await addBoard(gateway, "board");
  const captures = await Promise.all(
    [0, 1, 7, 8].map((sequence) => boardPost(testKey, sequence, boardBody(20_000 + sequence))),
  );
  for (const capture of captures) assert.equal((await send(gateway, capture)).status, 200);
  for (const capture of captures) assert.equal((await send(gateway, capture)).status, 401);
  const device = gateway.store.devices.find("board");
  assert.ok(device);
  const [fingerprint] = gateway.store.devices.keys.fingerprints(device);
  assert.ok(fingerprint);
  createReplay(gateway.store.db).resetBoard(fingerprint);
  gateway = await gateway.restart();
  for (const capture of captures) assert.equal((await send(gateway, capture)).status, 401);
  assert.equal((await send(gateway, boardPost(testKey, 0, boardBody(90_000)))).status, 200);
  for (const capture of captures) assert.equal((await send(gateway, capture)).status, 401);
  await gateway[Symbol.asyncDispose]();
});

Deno.test("a board that is registered again under another name is not open to its old captures", async () => {
  await using gateway = startDeviceGateway();
  await addBoard(gateway, "board");
  const capture = await boardPost(testKey, 3, boardBody(20_000));
  assert.equal((await send(gateway, capture)).status, 200);
  gateway.store.devices.remove("board", 2);
  assert.equal((await send(gateway, capture)).status, 401);
  await addBoard(gateway, "garage");
  assert.equal((await send(gateway, capture)).status, 401);
  assert.equal((await send(gateway, boardPost(testKey, 4, boardBody(21_000)))).status, 200);
});

Deno.test("every validation is in the log with its reason", async () => {
  await using gateway = startDeviceGateway({ routes: [other] });
  const key = await addSigned(gateway.store, "roof");
  const good = await signedPost(gateway, key, 1, { device_id: "roof" }, "/changes");
  await send(gateway, good);
  await send(gateway, good);
  await send(gateway, { ...good, body: utf8('{"device_id":"roof" }') });
  await send(gateway, { ...good, path: "/process" });
  await send(gateway, { ...good, headers: { ...good.headers, signature: "x" } });
  await send(gateway, signedPost(gateway, { ...key, deviceId: DeviceId.parse("nobody") }, 1, {}, "/changes"));
  await send(gateway, { ...good, headers: { "content-type": "application/json" } });
  const log = gateway.store.stores.securityLog;
  assert.deepEqual(log.latest({ limit: 10 }).map(({ reason, deviceId }) => [reason, deviceId]).reverse(), [
    ["ok", "roof"],
    ["replay", "roof"],
    ["bad_digest", "roof"],
    ["bad_signature", "roof"],
    ["malformed", "roof"],
    ["unknown_device", "nobody"],
    ["policy", "roof"],
  ]);
});
