import { type Bench, bench, editHeader, goodUpload, nextBlock, table, testKey, withHeaders } from "./hostile_bench.ts";
import assert from "node:assert/strict";
import { utf8 } from "../../crypto/bytes.ts";
import { blockOf, boardPost, type Post, send, signedPost, someSamples, upload } from "../fakes/device_gateway.ts";

table("every malformed header of a signed request is refused", [
  ["no signature fields, a name alone", 401, withHeaders({ signature: undefined, "signature-input": undefined })],
  ["no Signature", 401, withHeaders({ signature: undefined })],
  ["no Signature-Input", 401, withHeaders({ "signature-input": undefined })],
  ["no X-Device-Id", 401, withHeaders({ "x-device-id": undefined })],
  ["no X-Sequence-Number", 401, withHeaders({ "x-sequence-number": undefined })],
  ["no Content-Digest", 401, withHeaders({ "content-digest": undefined })],
  ["empty Signature", 401, withHeaders({ signature: "" })],
  ["Signature that is no Base64", 401, withHeaders({ signature: "ecowatt=:!!!:" })],
  ["Signature under another label", 401, editHeader("signature", (value) => value.replace("ecowatt", "other"))],
  ["Signature that is cut", 401, withHeaders({ signature: "ecowatt=:AAAA:" })],
  ["Signature of zeros", 401, withHeaders({ signature: `ecowatt=:${"A".repeat(43)}=:` })],
  ["Signature of 10,000 characters", 401, withHeaders({ signature: `ecowatt=:${"A".repeat(10_000)}:` })],
  ["another algorithm", 401, editHeader("signature-input", (value) => value.replace("hmac-sha256", "rsa-pss-sha512"))],
  ["another tag", 401, editHeader("signature-input", (value) => value.replace("ecowatt-v1", "ecowatt-v2"))],
  ["another key number", 401, editHeader("signature-input", (value) => value.replace("roof/1", "roof/2"))],
  ["another device's key", 401, editHeader("signature-input", (value) => value.replace("roof/1", "board/1"))],
  ["a key nobody has", 401, editHeader("signature-input", (value) => value.replace("roof/1", "nobody/1"))],
  ["fewer components", 401, editHeader("signature-input", (value) => value.replace('"content-digest" ', ""))],
  [
    "a component twice",
    401,
    editHeader("signature-input", (value) => value.replace('"@method"', '"@method" "@method"')),
  ],
  [
    "created that is no number",
    401,
    editHeader("signature-input", (value) => value.replace(/created=\d+/, "created=x")),
  ],
  ["created changed", 401, editHeader("signature-input", (value) => value.replace(/created=\d+/, "created=1"))],
  ["another X-Device-Id", 401, withHeaders({ "x-device-id": "board" })],
  ["X-Device-Id of an SQL injection", 401, withHeaders({ "x-device-id": "roof' OR '1'='1" })],
  ["sequence 0", 401, withHeaders({ "x-sequence-number": "0" })],
  ["negative sequence", 401, withHeaders({ "x-sequence-number": "-1" })],
  ["fractional sequence", 401, withHeaders({ "x-sequence-number": "1.0" })],
  ["hexadecimal sequence", 401, withHeaders({ "x-sequence-number": "0x10" })],
  ["exponential sequence", 401, withHeaders({ "x-sequence-number": "1e3" })],
  ["sequence of 2^53", 401, withHeaders({ "x-sequence-number": "9007199254740992" })],
  ["sequence of 400 digits", 401, withHeaders({ "x-sequence-number": "9".repeat(400) })],
  ["another sequence than signed", 401, withHeaders({ "x-sequence-number": "77" })],
  ["another digest algorithm", 401, withHeaders({ "content-digest": "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:" })],
  [
    "digest of another body",
    401,
    withHeaders({ "content-digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:" }),
  ],
  ["Content-Type text/plain", 415, withHeaders({ "content-type": "text/plain" })],
  ["Content-Type of a form", 415, withHeaders({ "content-type": "application/x-www-form-urlencoded" })],
  ["a compressed body", 415, withHeaders({ "content-encoding": "gzip" })],
]);

const signedJson = (body: unknown) => ({ gateway, key, next }: Bench) => signedPost(gateway, key, next(), body);
const signedText = (text: string) => signedJson(utf8(text));
const withBlock = (change: Record<string, unknown>) => (b: Bench): Promise<Post> =>
  signedJson(upload("roof", { ...blockOf(nextBlock(), someSamples()), ...change }))(b);

table("every malformed body of a signed request is refused", [
  ["empty", 400, signedText("")],
  ["no JSON", 400, signedText("hello")],
  ["cut JSON", 400, signedText('{"device_id":"roof","data_ty')],
  ["two JSON texts", 400, signedText("{}{}")],
  ["no UTF-8", 400, signedJson(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d))],
  ["UTF-16", 400, signedJson(new Uint8Array(new Uint16Array([0x7b, 0x7d]).buffer))],
  ["null", 400, signedJson(null)],
  ["a number", 400, signedText("17")],
  ["a string", 400, signedText('"roof"')],
  ["an array", 400, signedText("[]")],
  ["an empty object", 400, signedText("{}")],
  ["a lone NaN", 400, signedText("NaN")],
  ["nested 100,000 deep", 400, signedText(`{"device_id":"roof","data":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)],
  ["nested 300,000 deep and cut", 400, signedText("[".repeat(300_000))],
  ["no data at all", 400, signedJson({ device_id: "roof", data_type: "compressed_sensor_batch" })],
  ["no device_id", 400, signedJson({ data_type: "sample_blocks", blocks: [blockOf(1, someSamples())] })],
  ["device_id a number", 400, signedJson({ ...upload("roof", blockOf(1, someSamples())), device_id: 7 })],
  ["device_id of 65 characters", 400, signedJson(upload("r".repeat(65), blockOf(1, someSamples())))],
  ["device_id of another device", 403, signedJson(upload("board", blockOf(1, someSamples())))],
  ["board's body for another device", 403, signedJson({ device_id: "board", data: ["AAEB"] })],
  ["no blocks", 400, signedJson(upload("roof"))],
  ["blocks an object", 400, signedJson({ ...upload("roof"), blocks: {} })],
  [
    "257 blocks",
    400,
    signedJson(upload("roof", ...Array.from({ length: 257 }, (_, i) => blockOf(i + 1, someSamples(1))))),
  ],
  ["a block null", 400, signedJson({ ...upload("roof"), blocks: [null] })],
  ["a block twice", 400, signedJson(upload("roof", blockOf(9, someSamples()), blockOf(9, someSamples())))],
  ["block_id missing", 400, withBlock({ block_id: undefined })],
  ["block_id 0", 400, withBlock({ block_id: 0 })],
  ["block_id negative", 400, withBlock({ block_id: -1 })],
  ["block_id a fraction", 400, withBlock({ block_id: 1.5 })],
  ["block_id a string", 400, withBlock({ block_id: "1" })],
  ["block_id of 2^53", 400, withBlock({ block_id: 2 ** 53 })],
  [
    "block_id of 1e400",
    400,
    (b) => signedText(JSON.stringify(goodUpload()).replace(/"block_id":\d+/, '"block_id":1e400'))(b),
  ],
  ["count 0", 400, withBlock({ count: 0 })],
  ["count 10,001", 400, withBlock({ count: 10_001 })],
  ["count a boolean", 400, withBlock({ count: true })],
  ["no registers", 400, withBlock({ registers: [] })],
  ["65 registers", 400, withBlock({ registers: Array.from({ length: 65 }, (_, i) => `R${i}`) })],
  ["a register twice", 400, withBlock({ registers: ["Vac1", "Vac1"] })],
  ["a register with a quote", 400, withBlock({ registers: ["Vac1", "a'; DROP TABLE device"] })],
  ["inverter with a slash", 400, withBlock({ inverter: "../roof" })],
  ["another codec", 400, withBlock({ codec: "ecowatt-block/2" })],
  ["payload no Base64", 400, withBlock({ payload: "%%%%" })],
  ["payload a number", 400, withBlock({ payload: 4 })],
  ["end before start", 400, withBlock({ start_ms: 2000, end_ms: 1000 })],
  ["negative time", 400, withBlock({ start_ms: -1 })],
  ["unknown profile", 422, withBlock({ profile: "sunspec:9@1" })],
  ["profile named like a property", 422, withBlock({ profile: "__proto__" })],
  ["payload of noise", 422, withBlock({ payload: "AX7/AAAA/w==" })],
  ["times of other samples", 422, withBlock({ start_ms: 1_779_999_999_999 })],
]);

let boardSequence = 0;
const boardBody = (name: string) =>
  utf8(JSON.stringify({ device_id: name, timestamp: 5000, compressed_data: ["AAEB"] }));
const fromBoard =
  (change: Record<string, string | undefined> = {}, body = boardBody("ESP32"), key = testKey) =>
  async (): Promise<Post> => {
    const post = await boardPost(key, boardSequence++, body);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...post.headers, ...change })) {
      if (value !== undefined) headers[name] = value;
    }
    return { ...post, headers };
  };

table("every malformed upload of a board is refused", [
  ["no headers", 401, fromBoard({ "x-sequence-number": undefined, "x-hmac-sha256": undefined })],
  ["no HMAC", 401, fromBoard({ "x-hmac-sha256": undefined })],
  ["no sequence", 401, fromBoard({ "x-sequence-number": undefined })],
  ["HMAC of 63 digits", 401, fromBoard({ "x-hmac-sha256": "a".repeat(63) })],
  ["HMAC of 66 digits", 401, fromBoard({ "x-hmac-sha256": "a".repeat(66) })],
  ["HMAC that is no hex", 401, fromBoard({ "x-hmac-sha256": "g".repeat(64) })],
  ["HMAC of zeros", 401, fromBoard({ "x-hmac-sha256": "0".repeat(64) })],
  ["negative sequence", 401, fromBoard({ "x-sequence-number": "-1" })],
  ["sequence of 2^32", 401, fromBoard({ "x-sequence-number": "4294967296" })],
  ["sequence with a plus", 401, fromBoard({ "x-sequence-number": "+1" })],
  ["another sequence than signed", 401, fromBoard({ "x-sequence-number": "4294967295" })],
  ["another key", 401, fromBoard({}, boardBody("ESP32"), new Uint8Array(32).fill(9))],
  ["a name nobody has", 401, fromBoard({}, boardBody("ESP33"))],
  ["the name of a device that signs", 401, fromBoard({}, boardBody("roof"))],
  ["no name", 400, fromBoard({}, utf8('{"compressed_data":["AAEB"]}'))],
  ["no JSON", 400, fromBoard({}, utf8("compressed"))],
  ["no JSON, 4096 bytes", 400, fromBoard({}, utf8("x".repeat(4096)))],
  ["4096 opening brackets", 400, fromBoard({}, utf8("[".repeat(4096)))],
  ["no data", 400, fromBoard({}, utf8('{"device_id":"ESP32","compressed_data":[]}'))],
  ["1,001 items", 400, fromBoard({}, utf8(JSON.stringify({ device_id: "ESP32", data: Array(1001).fill("AAEB") })))],
  ["Content-Type text/plain", 415, fromBoard({ "content-type": "text/plain" })],
]);

Deno.test("no data at all is told in the words that boards' scripts know", async () => {
  await using b = await bench();
  const answer = await send(b.gateway, boardPost(testKey, 0, utf8('{"device_id":"ESP32","timestamp":1}')));
  assert.equal(answer.status, 400);
  assert.equal(answer.json.message, "No compressed data found in payload");
});
