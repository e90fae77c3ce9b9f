import assert from "node:assert/strict";
import { fromHex, utf8 } from "../../../crypto/bytes.ts";
import { decodeUpload } from "../../../gateway/boards/upload.ts";
import { NEW_BOARD } from "../../../gateway/boards/board_state.ts";
import { parseUploadBody } from "../../../gateway/boards/upload_body.ts";
import { createQuarantine } from "../../../gateway/store/quarantine.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { reference, testWith } from "../../needs.ts";
import { register } from "../../fakes/gateway_store.ts";
import { boardPost, type DeviceGateway, send, startDeviceGateway, storedSamples } from "../../fakes/device_gateway.ts";

const WIRE_ID = "ESP32_EcoWatt_Smart";
const testKey = utf8("test key of a board, 32 bytes ...").slice(0, 32);

async function addBoard(gateway: DeviceGateway, name: string, key: Uint8Array<ArrayBuffer>): Promise<void> {
  const deviceId = DeviceId.parse(name);
  await register(gateway.store.devices, { deviceId, model: "esp32", auth: "legacy", wireId: WIRE_ID, key });
}

/** A raw frame of one sample (`00 | 6 | 6 x uint16 LE`), Base64. */
const RAW_FRAME = btoa(String.fromCharCode(0, 6, 0xfc, 8, 20, 0, 30, 0, 0xe8, 3, 5, 0, 0x5e, 1));

function boardBody(
  timestamp: number,
  packets: readonly Record<string, unknown>[],
  name = WIRE_ID,
): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify({ device_id: name, timestamp, total_samples: packets.length, compressed_data: packets }));
}

const packet = (timestamp: number, binary = RAW_FRAME) => ({
  compressed_binary: binary,
  decompression_metadata: { compressed_size_bytes: 14, timestamp, register_layout: [0, 1, 5, 9, 6, 7] },
});

const uploads = reference("esp32/uploads-shared.json");

testWith(
  [uploads],
  "all uploads that a board's own encoder made, over two reboots, each taken once, with a restart between any two of them",
  async (t) => {
    const vectors = JSON.parse(Deno.readTextFileSync(uploads.url));
    const key = fromHex(vectors.psk_hex);
    assert.ok(key);
    let gateway = startDeviceGateway();
    await addBoard(gateway, "roof", key);
    let expected = 0;
    const seen = new Set<string>();
    for (
      const { id, body, boot, x_sequence_number, x_hmac_sha256, packets, packets_complete_in_body } of vectors.uploads
    ) {
      await t.step(id, async () => {
        const headers = {
          "content-type": "application/json",
          "x-sequence-number": `${x_sequence_number}`,
          "x-hmac-sha256": x_hmac_sha256,
        };
        const post = { path: "/process", body: utf8(body), headers, verify: () => false };
        const answer = await send(gateway, post);
        // Numbers 0 to 2 come again after a reboot, with bodies that nobody has seen: the recordings call that a replay still.
        assert.equal(answer.status, 200, JSON.stringify(answer.json));
        assert.equal(answer.headers.get("connection"), "close");
        assert.equal((await send(gateway, post)).status, 401);
        for (const { timestamp_ms, samples } of packets.slice(0, packets_complete_in_body)) {
          if (seen.has(`${boot} ${timestamp_ms}`)) continue;
          seen.add(`${boot} ${timestamp_ms}`);
          expected += samples.length;
        }
        assert.equal(answer.json.status, "success");
        assert.equal(answer.json.device_id, WIRE_ID);
        assert.equal(storedSamples(gateway.store), expected);
      });
      gateway = await gateway.restart();
    }
    assert.ok(expected > 100);
    await gateway[Symbol.asyncDispose]();
  },
);

Deno.test("a board's retry with a new body is stored once for each boot and packet timestamp", async () => {
  await using gateway = startDeviceGateway();
  await addBoard(gateway, "roof", testKey);
  const answers = [
    await send(gateway, boardPost(testKey, 0, boardBody(20_000, [packet(13_000)]))),
    await send(gateway, boardPost(testKey, 1, boardBody(35_000, [packet(13_000), packet(23_000)]))),
  ];
  assert.deepEqual(answers.map((answer) => answer.json.total_samples_processed), [1, 1]);
  assert.equal(storedSamples(gateway.store), 2);
});

Deno.test("an item that cannot be decoded is set aside, and the others are stored", async () => {
  await using gateway = startDeviceGateway();
  await addBoard(gateway, "roof", testKey);
  const answer = await send(
    gateway,
    boardPost(testKey, 0, boardBody(30_000, [packet(10_000), packet(15_000, "/w=="), packet(20_000)])),
  );
  assert.deepEqual([answer.status, answer.json.processed_entries, answer.json.decompression_successes], [200, 3, 2]);
  assert.equal(storedSamples(gateway.store), 2);
  const [item] = createQuarantine(gateway.store.db).latest(5);
  assert.equal(item?.deviceId, "roof");
  assert.ok(item?.content.includes("/w=="));
});

Deno.test("boards that share a name are told apart by the key that verifies", async () => {
  await using gateway = startDeviceGateway();
  const keys = [1, 2, 3].map((seed) => new Uint8Array(32).fill(seed));
  for (const [index, key] of keys.entries()) await addBoard(gateway, `board-${index}`, key);
  for (const [index, key] of keys.entries()) {
    for (let n = 0; n <= index; n++) {
      assert.equal(
        (await send(gateway, boardPost(key, n, boardBody(20_000 + n * 15_000, [packet(13_000 + n * 15_000)])))).status,
        200,
      );
    }
  }
  const accepted = gateway.store.stores.securityLog.latest({ filter: "ok", limit: 10 }).map(({ deviceId }) => deviceId);
  assert.deepEqual(accepted.toSorted(), ["board-0", "board-1", "board-1", "board-2", "board-2", "board-2"]);
});

Deno.test("an answer to a board has status 200, a length, no chunks, no compression, and asks to close", async () => {
  await using gateway = startDeviceGateway();
  await addBoard(gateway, "roof", testKey);
  const { body, headers } = await boardPost(testKey, 0, boardBody(20_000, [packet(13_000)]));
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: gateway.port });
  const lines = [
    "POST /process HTTP/1.1",
    "Host: 10.78.228.2:5001",
    "User-Agent: ESP32HTTPClient",
    "Connection: keep-alive",
    "Accept-Encoding: identity;q=1,chunked;q=0.1,*;q=0",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${body.length}`,
  ];
  await connection.write(utf8(`${lines.join("\r\n")}\r\n\r\n`));
  await connection.write(body);
  let text = "";
  const buffer = new Uint8Array(4096);
  const decoder = new TextDecoder();
  while (
    !text.includes("\r\n\r\n") ||
    text.length < text.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1])
  ) {
    const count = await connection.read(buffer);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count));
  }
  connection.close();
  const [head = "", content = ""] = text.split("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 200 /);
  assert.match(head, /^connection: close$/im);
  assert.doesNotMatch(head, /transfer-encoding|content-encoding/i);
  assert.equal(JSON.parse(content).status, "success");
});

Deno.test("decoder and store agree on a board's samples", async () => {
  await using gateway = startDeviceGateway();
  await addBoard(gateway, "roof", testKey);
  const body = boardBody(20_000, [packet(13_000)]);
  await send(gateway, boardPost(testKey, 0, body));
  const parsed = parseUploadBody(body);
  assert.ok(parsed.ok);
  const [batch] = decodeUpload(NEW_BOARD, parsed.value, Date.now()).upload.batches;
  assert.deepEqual(batch?.samples[0]?.values, [2300, 20, 30, 1000, 5, 350]);
  const row = gateway.store.db.prepare("SELECT count, end_ms FROM sample_block").get();
  assert.equal(row?.["count"], 1);
  assert.ok(Math.abs(Number(row?.["end_ms"]) - (Date.now() - 7000)) < 5000);
});
