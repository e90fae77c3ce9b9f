import assert from "node:assert/strict";
import fc from "fast-check";
import { type Bytes, concat, fromHex, toHex } from "../../crypto/bytes.ts";
import {
  type AesKey,
  decryptAesCbc,
  decryptBlocks,
  decryptLastBlocks,
  encryptAesCbc,
  importAesKey,
  startDecryption,
  startEncryption,
} from "../../crypto/aes_cbc.ts";

function hex(text: string): Bytes {
  const bytes = fromHex(text);
  assert.ok(bytes);
  return bytes;
}

/** NIST SP 800-38A appendix F.2.5 and F.2.6, CBC-AES256: the published key, four blocks. */
const NIST = {
  key: importAesKey(hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")),
  iv: hex("000102030405060708090a0b0c0d0e0f"),
  plaintext: hex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
  ),
  ciphertext: "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" +
    "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
};

const testKey = importAesKey(new Uint8Array(32).fill(7));
const testIv = new Uint8Array(16).fill(9);

Deno.test("AES-256-CBC gives the blocks of NIST SP 800-38A, and then one of padding", () => {
  const encrypted = encryptAesCbc(NIST.key, NIST.iv, NIST.plaintext);
  assert.equal(encrypted.length, 80);
  assert.equal(toHex(encrypted.subarray(0, 64)), NIST.ciphertext);
  assert.deepEqual(decryptAesCbc(NIST.key, NIST.iv, encrypted), NIST.plaintext);
});

Deno.test("a decryption gives NIST's blocks as they come, before the end is known", () => {
  using decryption = startDecryption(NIST.key, NIST.iv);
  const start = decryption.update(hex(NIST.ciphertext));
  assert.ok(start.length >= 48);
  assert.deepEqual(start, NIST.plaintext.subarray(0, start.length));
});

/** The message cut into pieces at the given sizes, over and over. */
function pieces(message: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let at = 0, i = 0; at < message.length; i++) {
    const size = sizes[i % sizes.length] ?? message.length;
    cut.push(message.subarray(at, at + size));
    at += size;
  }
  return cut;
}

function encryptInPieces(key: AesKey, iv: Uint8Array, message: Uint8Array, sizes: readonly number[]): Bytes {
  using encryption = startEncryption(key, iv);
  return concat(...pieces(message, sizes).map((piece) => encryption.update(piece)), encryption.finish());
}

function decryptInPieces(message: Uint8Array, sizes: readonly number[]): Bytes | undefined {
  using decryption = startDecryption(testKey, testIv);
  const start = pieces(message, sizes).map((piece) => decryption.update(piece));
  const rest = decryption.finish();
  return rest && concat(...start, rest);
}

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });

Deno.test("pieces of any size give what Web Crypto makes of the whole, in both directions", async () => {
  const raw = new Uint8Array(32).fill(7);
  const other = await crypto.subtle.importKey("raw", raw, "AES-CBC", false, ["encrypt"]);
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), sizes, sizes, async (message, ours, theirs) => {
    const plaintext = Uint8Array.from(message);
    const expected = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv: testIv }, other, plaintext));
    assert.deepEqual(encryptInPieces(testKey, testIv, plaintext, ours), expected);
    assert.deepEqual(encryptAesCbc(testKey, testIv, plaintext), expected);
    assert.deepEqual(decryptInPieces(expected, theirs), plaintext);
  }));
});

Deno.test("a message is taken up at any block, and gives what the stream gives", async () => {
  const cuts = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat());
  await fc.assert(fc.asyncProperty(cuts, async ([message, cut]) => {
    const plaintext = Uint8Array.from(message);
    const encrypted = encryptAesCbc(testKey, testIv, plaintext);
    const at = 16 * (cut % (encrypted.length / 16));
    const before = at === 0 ? testIv : encrypted.slice(at - 16, at);
    if (at > 0) {
      assert.deepEqual(await decryptBlocks(testKey, testIv, encrypted.slice(0, at)), plaintext.slice(0, at));
    }
    assert.deepEqual(await decryptLastBlocks(testKey, before, encrypted.slice(at)), plaintext.slice(at));
  }));
});

Deno.test("blocks that are none, or whose padding is wrong, are refused", async () => {
  const whole = encryptAesCbc(testKey, testIv, new Uint8Array(40));
  await assert.rejects(decryptBlocks(testKey, testIv, whole.slice(0, 33)), RangeError);
  await assert.rejects(decryptBlocks(testKey, testIv.subarray(1), whole), RangeError);
  await assert.rejects(decryptBlocks(testKey, testIv, new Uint8Array()), RangeError);
  for (const cut of [0, 16, 32, 47]) {
    assert.equal(await decryptLastBlocks(testKey, testIv, whole.slice(0, cut)), undefined, `${cut} bytes`);
  }
});

Deno.test("a stream holds back no more than a block, whatever its length", () => {
  using encryption = startEncryption(testKey, testIv);
  using decryption = startDecryption(testKey, testIv);
  const piece = new Uint8Array(1000);
  let sent = 0, encrypted = 0, decrypted = 0;
  for (let i = 0; i < 200; i++) {
    sent += piece.length;
    const blocks = encryption.update(piece);
    encrypted += blocks.length;
    decrypted += decryption.update(blocks).length;
    assert.ok(sent - encrypted < 16);
    assert.ok(encrypted - decrypted <= 16);
  }
});

/** One block whose plaintext is `block`, padding included. */
function encryptedBlock(block: Uint8Array): Bytes {
  return encryptAesCbc(testKey, testIv, block).subarray(0, 16);
}

Deno.test("a message that is cut, or whose padding is wrong, is refused", async (t) => {
  const whole = encryptAesCbc(testKey, testIv, new Uint8Array(40));
  const padded = (...tail: number[]) => Uint8Array.from([...new Array(16 - tail.length).fill(5), ...tail]);
  const cases: readonly [string, Uint8Array, boolean][] = [
    ["whole", whole, true],
    ["nothing", new Uint8Array(), false],
    ["cut inside a block", whole.subarray(0, 47), false],
    ["one byte more", concat(whole, Uint8Array.of(0)), false],
    ["the last block missing", whole.subarray(0, 32), false],
    ["padding of one", encryptedBlock(padded(1)), true],
    ["padding of three", encryptedBlock(padded(3, 3, 3)), true],
    ["padding of a whole block", encryptedBlock(new Uint8Array(16).fill(16)), true],
    ["padding of zero", encryptedBlock(padded(0)), false],
    ["padding longer than a block", encryptedBlock(padded(17)), false],
    ["padding whose bytes differ", encryptedBlock(padded(3, 2, 3)), false],
    ["padding whose first byte differs", encryptedBlock(padded(2, 3, 3)), false],
  ];
  for (const [name, message, ok] of cases) {
    await t.step(name, () => {
      assert.equal(decryptAesCbc(testKey, testIv, message) !== undefined, ok);
      assert.equal(decryptInPieces(message, [1]) !== undefined, ok);
    });
  }
});

Deno.test("noise is refused or decrypts to less than itself; it never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), sizes, (noise, cut) => {
    const plaintext = decryptInPieces(noise, cut);
    assert.deepEqual(plaintext, decryptAesCbc(testKey, testIv, noise));
    if (plaintext) assert.ok(plaintext.length < noise.length);
  }));
});

Deno.test("a key of 32 bytes and an IV of 16 are needed", () => {
  for (const length of [0, 16, 24, 31, 33]) assert.throws(() => importAesKey(new Uint8Array(length)), RangeError);
  for (const length of [0, 12, 15, 17]) {
    assert.throws(() => startEncryption(testKey, new Uint8Array(length)), RangeError);
    assert.throws(() => startDecryption(testKey, new Uint8Array(length)), RangeError);
  }
});

Deno.test("an AES key shows nothing of itself, and does not change with the bytes it came from", () => {
  const raw = new Uint8Array(32).fill(7);
  const key = importAesKey(raw);
  raw.fill(0);
  assert.deepEqual(encryptAesCbc(key, testIv, new Uint8Array(5)), encryptAesCbc(testKey, testIv, new Uint8Array(5)));
  assert.equal(Deno.inspect(key, { depth: 10, showHidden: true }), "AesKey {}");
  assert.equal(JSON.stringify(key), "{}");
});
