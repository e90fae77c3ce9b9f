import assert from "node:assert/strict";
import fc from "fast-check";
import { type Bytes, fromHex, toHex, utf8 } from "../../crypto/bytes.ts";
import { decryptAesGcm, encryptAesGcm, type GcmContext, importGcmKey } from "../../crypto/aes_gcm.ts";

function hex(text: string): Bytes {
  const bytes = fromHex(text);
  assert.ok(bytes);
  return bytes;
}

/** "The Galois/Counter Mode of Operation (GCM)", McGrew and Viega, appendix B: the cases with 256-bit keys and 96-bit nonces. */
const VECTORS: readonly {
  name: string;
  key: string;
  nonce: string;
  additional: string;
  plain: string;
  message: string;
}[] = [
  {
    name: "test case 13, nothing",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    additional: "",
    plain: "",
    message: "530f8afbc74536b9a963b4f1c4cb738b",
  },
  {
    name: "test case 14, one block",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    additional: "",
    plain: "00".repeat(16),
    message: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    name: "test case 15, four blocks",
    key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    additional: "",
    plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
    message: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad" +
      "b094dac5d93471bdec1a502270e3cc6c",
  },
  {
    name: "test case 16, less than four blocks and additional data",
    key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    message: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" +
      "76fc6ece0f4e1768cddf8853bb2d551b",
  },
];

Deno.test("AES-256-GCM gives the ciphertexts and tags of the published test cases", async (t) => {
  for (const { name, plain, message, ...context } of VECTORS) {
    await t.step(name, async () => {
      const key = await importGcmKey(hex(context.key));
      const around = { nonce: hex(context.nonce), additional: hex(context.additional) };
      assert.equal(toHex(await encryptAesGcm(key, around, hex(plain))), message);
      assert.deepEqual(await decryptAesGcm(key, around, hex(message)), hex(plain));
    });
  }
});

const key = await importGcmKey(new Uint8Array(32).fill(7)); // test key
const context: GcmContext = { nonce: new Uint8Array(12).fill(9), additional: utf8("context") };

Deno.test("a message with one bit changed, cut, or with another nonce, context or key is refused", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 50 }), fc.nat(), async (plain, at) => {
    const message = await encryptAesGcm(key, context, Uint8Array.from(plain));
    assert.deepEqual(await decryptAesGcm(key, context, message), Uint8Array.from(plain));
    const wrong = message.slice();
    const bit = at % (8 * wrong.length);
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(await decryptAesGcm(key, context, wrong), undefined);
    assert.equal(await decryptAesGcm(key, context, message.subarray(0, at % message.length)), undefined);
    assert.equal(await decryptAesGcm(key, { ...context, nonce: new Uint8Array(12) }, message), undefined);
    assert.equal(await decryptAesGcm(key, { ...context, additional: utf8("contexu") }, message), undefined);
    assert.equal(await decryptAesGcm(await importGcmKey(new Uint8Array(32)), context, message), undefined);
  }));
});

Deno.test("a key of 32 bytes and a nonce of 12 are needed", async () => {
  for (const length of [0, 16, 24, 31, 33]) await assert.rejects(importGcmKey(new Uint8Array(length)), RangeError);
  for (const length of [0, 11, 13, 16]) {
    const wrong = { ...context, nonce: new Uint8Array(length) };
    await assert.rejects(encryptAesGcm(key, wrong, new Uint8Array(1)), RangeError);
    await assert.rejects(decryptAesGcm(key, wrong, new Uint8Array(20)), RangeError);
  }
});

Deno.test("a GCM key shows nothing of itself, and does not change with the bytes it came from", async () => {
  const raw = new Uint8Array(32).fill(7);
  const other = await importGcmKey(raw);
  raw.fill(0);
  const message = await encryptAesGcm(other, context, utf8("secret"));
  assert.deepEqual(await decryptAesGcm(key, context, message), utf8("secret"));
  assert.equal(Deno.inspect(other, { depth: 10, showHidden: true }), "GcmKey {}");
  assert.equal(JSON.stringify(other), "{}");
});
