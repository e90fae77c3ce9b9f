import assert from "node:assert/strict";
import { z } from "zod";
import { DatabaseSync } from "node:sqlite";
import { type Bytes, utf8 } from "../../../crypto/bytes.ts";
import { importHmacKey } from "../../../crypto/hmac.ts";
import { createKeyRing } from "../../../gateway/auth/key_ring.ts";
import { deviceRoute, jsonAnswer } from "../../../gateway/http/device_route.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { FakeClock } from "../../fakes/clock.ts";
import {
  addSigned,
  type Answered,
  boardPost,
  type DeviceGateway,
  type Post,
  send,
  signedPost,
  startDeviceGateway,
} from "../../fakes/device_gateway.ts";
import { openGatewayStore, register } from "../../fakes/gateway_store.ts";
import { ended, until } from "../../fakes/until.ts";

const who = deviceRoute(
  "/changes",
  z.object({ device_id: z.string() }),
  ({ device }) => jsonAnswer(200, { who: device.deviceId }),
);
const keys = [1, 2].map((seed) => new Uint8Array(32).fill(seed)); // test keys

async function addBoard(gateway: DeviceGateway, name: string, key: Bytes | undefined): Promise<void> {
  assert.ok(key);
  const deviceId = DeviceId.parse(name);
  await register(gateway.store.devices, { deviceId, model: "esp32", auth: "legacy", wireId: "ESP32", key });
}

const unsigned = (body: unknown): Post => ({
  path: "/changes",
  body: utf8(JSON.stringify(body)),
  headers: { "content-type": "application/json" },
  verify: () => false,
});
const ask = (gateway: DeviceGateway): Promise<Answered> =>
  send(gateway, unsigned({ device_id: "ESP32", timestamp: 1 }));
const uploadFrom = (gateway: DeviceGateway, key: Bytes | undefined, sequence: number): Promise<Answered> => {
  assert.ok(key);
  return send(gateway, boardPost(key, sequence, utf8('{"device_id":"ESP32","timestamp":1,"data":[[1,2,3,4,5,6]]}')));
};

Deno.test("an unknown device and a wrong key get the same answer", async () => {
  await using gateway = startDeviceGateway({ routes: [who] });
  const key = await addSigned(gateway.store, "roof");
  const stranger = openGatewayStore();
  const foreign = await addSigned(stranger, "roof");
  const answers = [
    await send(gateway, signedPost(gateway, foreign, 1, { device_id: "roof" }, "/changes")),
    await send(
      gateway,
      signedPost(gateway, { ...foreign, deviceId: DeviceId.parse("nobody") }, 1, { device_id: "nobody" }, "/changes"),
    ),
    await send(gateway, signedPost(gateway, { ...key, number: 2 }, 1, { device_id: "roof" }, "/changes")),
    await send(gateway, unsigned({ device_id: "roof" })),
    await send(gateway, unsigned({ device_id: "nobody" })),
  ];
  stranger[Symbol.dispose]();
  for (const answer of answers) {
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.json, answers[0]?.json);
    assert.deepEqual([...answer.headers.keys()], [...(answers[0]?.headers.keys() ?? [])]);
  }
});

Deno.test("an unsigned request of a board goes by the address of its last verified upload", async () => {
  await using gateway = startDeviceGateway({ routes: [who] });
  await addBoard(gateway, "board-1", keys[0]);
  assert.equal((await ask(gateway)).status, 401); // the only one, but nothing tells that it is the board who asks
  await addBoard(gateway, "board-2", keys[1]);
  assert.equal((await ask(gateway)).status, 401);
  await uploadFrom(gateway, keys[1], 0);
  assert.equal((await ask(gateway)).json.who, "board-2");
  await uploadFrom(gateway, keys[0], 0);
  assert.equal((await ask(gateway)).status, 401); // both are behind this address
  const first = gateway.store.devices.find("board-1");
  assert.ok(first);
  gateway.store.devices.sawAt(first, "10.9.9.9");
  assert.equal((await ask(gateway)).json.who, "board-2");
  assert.equal(gateway.store.devices.remove("board-2", 2), true);
  assert.equal((await ask(gateway)).status, 401); // board-1 is somewhere else
});

Deno.test("answers to boards are not signed and a refused upload does not move the board", async () => {
  await using gateway = startDeviceGateway({ routes: [who] });
  await addBoard(gateway, "board-1", keys[0]);
  assert.equal((await uploadFrom(gateway, keys[1], 0)).status, 401);
  const device = gateway.store.devices.find("board-1");
  assert.ok(device);
  assert.equal(gateway.store.devices.addressOf(device), undefined);
  const answer = await uploadFrom(gateway, keys[0], 0);
  assert.deepEqual([answer.status, answer.headers.has("signature")], [200, false]);
  assert.equal(gateway.store.devices.addressOf(device), "127.0.0.1");
});

Deno.test("a legacy device cannot sign with its board key, and a signed one cannot upload like a board", async () => {
  await using gateway = startDeviceGateway({ routes: [who] });
  const [raw] = keys;
  assert.ok(raw);
  await register(gateway.store.devices, {
    deviceId: DeviceId.parse("board"),
    model: "esp32",
    auth: "legacy",
    key: raw,
  });
  const node = { deviceId: DeviceId.parse("roof"), model: "node", auth: "signed" } as const;
  const { device, key } = await register(gateway.store.devices, node);
  const asSigned = { deviceId: DeviceId.parse("board"), number: 1, hmac: await importHmacKey(raw) };
  assert.equal((await send(gateway, signedPost(gateway, asSigned, 1, { device_id: "board" }, "/changes"))).status, 401);
  const asBoard = boardPost(
    key.raw,
    0,
    utf8(JSON.stringify({ device_id: device.deviceId, data: [[1, 2, 3, 4, 5, 6]] })),
  );
  assert.equal((await send(gateway, asBoard)).status, 401);
});

Deno.test("a key revoked by another process is refused with the next request, a new one accepted", async () => {
  await using gateway = startDeviceGateway({ routes: [who] });
  const key = await addSigned(gateway.store, "roof");
  assert.equal((await send(gateway, signedPost(gateway, key, 1, { device_id: "roof" }, "/changes"))).status, 200);
  using other = new DatabaseSync(`${gateway.store.directory}/gateway.db`);
  other.exec("UPDATE device_key SET sealed = NULL, revoked_at = 5");
  assert.equal((await send(gateway, signedPost(gateway, key, 2, { device_id: "roof" }, "/changes"))).status, 401);
});

Deno.test("an answer that waits is given after the transaction, signed; a gateway that stops ends it, and waits for no time to pass", async () => {
  let entered = 0;
  const waiting = deviceRoute(
    "/command/get",
    z.object({ device_id: z.string() }),
    () => (signal) =>
      new Promise((resolve) => {
        entered++;
        signal.addEventListener("abort", () => resolve(jsonAnswer(200, { commands: [] })), { once: true });
        if (entered === 1) resolve(jsonAnswer(200, { commands: [1] }));
      }),
  );
  const gateway = startDeviceGateway({ routes: [waiting], clock: new FakeClock(Date.now()) });
  const key = await addSigned(gateway.store, "roof");
  const first = await send(gateway, signedPost(gateway, key, 1, { device_id: "roof" }, "/command/get"));
  assert.deepEqual([first.status, first.signed, first.json], [200, true, { commands: [1] }]);
  const second = send(gateway, signedPost(gateway, key, 2, { device_id: "roof" }, "/command/get"));
  await until(() => entered === 2, "the second request");
  await ended(gateway[Symbol.asyncDispose](), "the stop of the gateway");
  assert.deepEqual((await second).json, { commands: [] });
});

Deno.test("the keys of a board are found under the name it shares and under its own", async () => {
  using store = openGatewayStore();
  const ring = createKeyRing(store.devices);
  const board = { deviceId: DeviceId.parse("board"), model: "esp32", auth: "legacy", wireId: "ESP32" } as const;
  await register(store.devices, board);
  assert.equal(await ring.byId("nobody", 1), undefined);
  assert.deepEqual(await ring.ofBoards("nobody"), []);
  assert.equal((await ring.ofBoards("ESP32")).length, 1);
  assert.equal((await ring.ofBoards("board")).length, 1);
});
