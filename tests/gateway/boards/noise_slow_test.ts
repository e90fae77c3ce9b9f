import assert from "node:assert/strict";
import process from "node:process";
import fc from "fast-check";
import { toBase64, utf8 } from "../../../crypto/bytes.ts";
import { decodeBoardBase64 } from "../../../gateway/boards/base64.ts";
import { NEW_BOARD, parseBoardState } from "../../../gateway/boards/board_state.ts";
import { FRESH_ENCODER, remember } from "../../../gateway/boards/encoder_memory.ts";
import { decodeFrame } from "../../../gateway/boards/frame.ts";
import { readingOf } from "../../../gateway/boards/reading.ts";
import { decodeUpload } from "../../../gateway/boards/upload.ts";
import { MAX_ITEMS, parseUploadBody } from "../../../gateway/boards/upload_body.ts";

const IDS = Array.from({ length: 30 }, (_, i) => [0, 1, 5, 9, 6, 7][i % 6] ?? 0);
const LATER = remember(FRESH_ENCODER, readingOf(IDS.map((_, i) => 5000 + 300 * i), "exact"), IDS);

const marker = fc.constantFrom(0xd0, 0x01, 0x00, 0x50, 0x70, 0x71);
const frame = fc.tuple(marker, fc.uint8Array({ maxLength: 100 })).map(([first, rest]) => Uint8Array.of(first, ...rest));
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 120 }),
  frame,
  // Noise that passes for a dictionary frame more often: every byte is a code.
  fc.tuple(fc.nat(6), fc.array(fc.integer({ min: 0x81, max: 0xff }), { minLength: 16, maxLength: 30 }))
    .map(([index, codes]) => Uint8Array.of(0xd0, index, 30, 0xff, 0xff, ...codes)),
);

Deno.test("noise never throws, and what comes out of it are register values", () => {
  fc.assert(
    fc.property(noise, fc.constantFrom(FRESH_ENCODER, LATER), (bytes, memory) => {
      const decoded = decodeFrame(bytes, memory);
      if (!decoded.ok) return decoded.detail.length > 0;
      const { values, qualities } = decoded.value.reading;
      assert.equal(values.length, qualities.length);
      return values.length > 0 && values.every((value) => Number.isInteger(value) && value >= 0 && value <= 0xffff);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("Base64 is read as the platform reads it, padded, bare or filled up, and nothing else is", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    const text = toBase64(bytes);
    for (const variant of [text, text.replaceAll("=", ""), text.replaceAll("=", "A")]) {
      const decoded = decodeBoardBase64(variant);
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.value.subarray(0, bytes.length), bytes);
    }
  }));
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => {
    const decoded = decodeBoardBase64(text);
    assert.equal(decoded.ok, /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/={1,2}$/, "").length % 4 !== 1);
  }));
});

Deno.test("bodies of any JSON never throw, and their state stays readable", () => {
  const packet = fc.record({
    compressed_binary: fc.oneof(noise.map(toBase64), fc.string()),
    decompression_metadata: fc.record({
      compressed_size_bytes: fc.nat(120),
      timestamp: fc.nat(),
      register_layout: fc.array(fc.nat(12), { maxLength: 7 }),
    }, { requiredKeys: [] }),
  });
  const body = fc.record({
    device_id: fc.string(),
    timestamp: fc.nat(),
    total_samples: fc.nat(30),
    compressed_data: fc.array(fc.oneof(packet, fc.jsonValue()), { minLength: 1, maxLength: 5 }),
    session_summary: fc.record({ method_usage: fc.dictionary(fc.string(), fc.jsonValue()) }),
  }, { requiredKeys: ["compressed_data"] });
  fc.assert(fc.property(fc.array(body, { minLength: 1, maxLength: 4 }), (bodies) => {
    let state = NEW_BOARD;
    for (const [i, content] of bodies.entries()) {
      const parsed = parseUploadBody(utf8(JSON.stringify(content)));
      assert.ok(parsed.ok);
      const decoded = decodeUpload(state, parsed.value, 1_700_000_000_000 + i * 15_000);
      const { items, batches, undecodable, duplicates } = decoded.upload;
      assert.equal(batches.length + undecodable.length + duplicates, items);
      const kept = parseBoardState(JSON.stringify(decoded.state));
      assert.deepEqual(kept, decoded.state);
      state = decoded.state;
    }
  }));
});

Deno.test("bytes that are no upload are refused by name", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const parsed = parseUploadBody(bytes);
    assert.ok(!parsed.ok && (parsed.fault === "malformed" || parsed.fault === "no_data"));
  }));
  for (
    const [text, fault] of [
      ["", "malformed"],
      ["[]", "malformed"],
      ["null", "malformed"],
      ['"data"', "malformed"],
      ["{}", "no_data"],
      ['{"data":[]}', "no_data"],
      ['{"compressed_data":{},"data":0}', "no_data"],
      [`{"data":[${Array(MAX_ITEMS + 1).fill(0)}]}`, "too_many"],
    ] as const
  ) {
    const parsed = parseUploadBody(utf8(text));
    assert.equal(parsed.ok ? "taken" : parsed.fault, fault, text.slice(0, 40));
  }
});

Deno.test("a board's body cut anywhere gives its complete packets, whatever it is cut through", () => {
  const item = (i: number) => ({ compressed_binary: "0AUeAAAA", note: `"]}${"é".repeat(i % 7)}\\`, n: i });
  for (let padding = 0; padding < 300; padding++) {
    const items = Array.from({ length: 80 }, (_, i) => item(i));
    const head = { device_id: "x".repeat(padding), timestamp: 1, total_samples: 80 };
    const text = JSON.stringify({ ...head, compressed_data: items });
    const bytes = utf8(text).subarray(0, 4096);
    const parsed = parseUploadBody(bytes);
    assert.ok(parsed.ok, `padding ${padding}`);
    assert.ok(parsed.value.cut);
    const count = parsed.value.packets.length;
    assert.deepEqual(parsed.value.packets.map((packet) => packet.source), items.slice(0, count));
    const complete = utf8(JSON.stringify({ ...head, compressed_data: items.slice(0, count + 1) })).length - 2;
    assert.ok(complete > 4096, `padding ${padding}: item ${count} was complete`);
  }
});

Deno.test("hostile bodies of a mebibyte are done with in a moment", () => {
  const mebibyte = 1 << 20;
  const hardest = toBase64(Uint8Array.of(0xd0, 1, 30, 0xff, 0xff, ...Array(23).fill(0xe4)));
  const bodies = [
    `{"data":[${"[".repeat(mebibyte / 2)}${"]".repeat(mebibyte / 2)}]}`,
    `{"data":["${"A".repeat(mebibyte)}"]}`,
    `{"data":[[${"1,".repeat(mebibyte / 2)}1]]}`,
    `{"data":[${Array(MAX_ITEMS).fill(JSON.stringify(hardest))}]}`,
    `{"data":[${"{},".repeat(mebibyte / 3)}{}]}`,
    "{".repeat(mebibyte),
  ];
  for (const text of bodies) {
    const before = process.cpuUsage();
    const parsed = parseUploadBody(utf8(text));
    if (parsed.ok) decodeUpload(NEW_BOARD, parsed.value, 0);
    const { user, system } = process.cpuUsage(before);
    // Work, not time, and generous: quadratic work on a mebibyte would take minutes.
    assert.ok(user + system < 5_000_000, text.slice(0, 20));
  }
});
