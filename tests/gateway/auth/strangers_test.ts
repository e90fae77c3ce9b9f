import assert from "node:assert/strict";
import { importHmacKey } from "../../../crypto/hmac.ts";
import { toHex, utf8 } from "../../../crypto/bytes.ts";
import { createAuthenticator } from "../../../gateway/auth/authenticator.ts";
import { createKeyRing } from "../../../gateway/auth/key_ring.ts";
import { claimNumber } from "../../../gateway/auth/replay_check.ts";
import { legacySignature } from "../../../gateway/boards/legacy_signature.ts";
import { createReplay } from "../../../gateway/store/replay.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { signRequest } from "../../../protocol/device_signature.ts";
import { addSigned } from "../../fakes/device_gateway.ts";
import { openGatewayStore, register } from "../../fakes/gateway_store.ts";
import { countHmacs } from "../../fakes/hmac_count.ts";

const URL = "http://gateway.example";
const NOW = Date.UTC(2026, 5, 21, 12);
const key = new Uint8Array(32).fill(1); // test key
const ADDRESS = "192.0.2.7";

function posted(path: string, body: unknown, headers: HeadersInit = {}) {
  const bytes = utf8(JSON.stringify(body));
  return { method: "POST", url: URL + path, path, headers: new Headers(headers), body: bytes, address: ADDRESS };
}

/** A board that was heard of from `ADDRESS`, and who finds out who speaks. */
async function site() {
  const store = openGatewayStore();
  const deviceId = DeviceId.parse("board");
  const { device } = await register(store.devices, { deviceId, model: "esp32", auth: "legacy", wireId: "ESP32", key });
  store.devices.sawAt(device, ADDRESS);
  const authenticate = createAuthenticator({ ring: createKeyRing(store.devices), devices: store.devices });
  return { store, authenticate, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

Deno.test("an upload for a board that does not exist costs as many codes as a wrong one for a board that does", async () => {
  using s = await site();
  const upload = async (name: string) => {
    const request = posted("/process", { device_id: name, data: [[1, 2, 3, 4, 5, 6]] });
    const mac = toHex(await legacySignature(await importHmacKey(new Uint8Array(32)), request.body, 1));
    request.headers.set("x-sequence-number", "1");
    request.headers.set("x-hmac-sha256", mac);
    return await countHmacs(async () => assert.equal((await s.authenticate(request)).kind, "unauthenticated"));
  };
  assert.deepEqual([await upload("ESP32"), await upload("nobody")], [1, 1]);
});

Deno.test("among boards that share a name, the one that is known at the address is tried first; of a stranger's upload all are", async () => {
  using s = await site();
  const keys = [2, 3, 4].map((byte) => new Uint8Array(32).fill(byte)); // test keys
  for (const [i, key] of keys.entries()) {
    await register(s.store.devices, {
      deviceId: DeviceId.parse(`board-${i}`),
      model: "esp32",
      auth: "legacy",
      wireId: "ESP32",
      key,
    });
  }
  let sequence = 0;
  const costOf = async (key: Uint8Array<ArrayBuffer>, address: string, kind: "board" | "unauthenticated") => {
    const request = { ...posted("/process", { device_id: "ESP32", data: [] }), address };
    const mac = toHex(await legacySignature(await importHmacKey(key), request.body, ++sequence));
    request.headers.set("x-sequence-number", `${sequence}`);
    request.headers.set("x-hmac-sha256", mac);
    return await countHmacs(async () => assert.equal((await s.authenticate(request)).kind, kind));
  };
  const [first = key, second = key] = keys;
  const stranger = new Uint8Array(32).fill(9);
  assert.equal(await costOf(first, ADDRESS, "board"), 4);
  assert.equal(await costOf(first, ADDRESS, "board"), 1);
  assert.equal(await costOf(stranger, ADDRESS, "unauthenticated"), 4);
  assert.equal(await costOf(stranger, "192.0.2.8", "unauthenticated"), 4);
  // Another board at the same address, then known there.
  assert.equal(await costOf(second, ADDRESS, "board"), 4);
  assert.equal(await costOf(second, ADDRESS, "board"), 1);
});

Deno.test("what comes unsigned from a board's address is that board's only under the name that boards share", async () => {
  using s = await site();
  assert.equal((await s.authenticate(posted("/changes", { device_id: "ESP32" }))).kind, "address");
  assert.equal((await s.authenticate(posted("/changes", { device_id: "nobody" }))).kind, "unauthenticated");
});

for (const field of ["signature-input", "signature", "x-device-id"]) {
  Deno.test(`what has the field ${field} of a signature and no more is nobody's, also at a board's address`, async () => {
    using s = await site();
    const identity = await s.authenticate(posted("/changes", { device_id: "ESP32" }, { [field]: "board" }));
    assert.ok(identity.kind === "unauthenticated");
    assert.equal(identity.reason, "malformed");
  });
}

Deno.test("names that no board has are not remembered: strangers think of as many as they like", async () => {
  using s = await site();
  const asked: string[] = [];
  const { devices } = s.store;
  const ring = createKeyRing({
    ...devices,
    withWireId: (name) => {
      asked.push(name);
      return devices.withWireId(name);
    },
  });
  for (const name of ["nobody", "nobody", "ESP32", "ESP32"]) await ring.ofBoards(name);
  assert.deepEqual(asked, ["nobody", "nobody", "ESP32"]);
});

Deno.test("a clock that is five minutes off is told in the log, a better one is not, and both are accepted", async () => {
  using s = await site();
  const node = await addSigned(s.store, "roof");
  const log = s.store.stores.securityLog;
  const replay = createReplay(s.store.db);
  for (const [sequence, off] of [[1, -301], [2, -300], [3, 300], [4, 301]] as const) {
    const request = posted("/changes", {});
    const created = NOW / 1000 + off;
    const { headers } = await signRequest(node, { ...request, sequence, created });
    const signed = { ...request, headers: new Headers({ ...headers }) };
    const identity = await s.authenticate(signed);
    assert.ok(identity.kind === "signed");
    const claim = claimNumber(identity, signed, { replay, log, now: NOW });
    assert.ok(!claim.used);
    log.note(claim.line);
  }
  assert.deepEqual(log.latest({ limit: 10 }).map(({ detail }) => detail).toReversed(), [
    "the device's clock is -301 s off",
    undefined,
    undefined,
    "the device's clock is 301 s off",
  ]);
});
