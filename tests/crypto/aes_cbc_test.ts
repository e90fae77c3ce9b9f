import assert from "node:assert/strict";
import fc from "fast-check";
import { type Bytes, concat, fromHex, toHex } from "../../crypto/bytes.ts";
import {
  decryptAesCbc,
  decryptBlocks,
  encryptAesCbc,
  encryptBlocks,
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
  key: await importAesKey(hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")),
  iv: hex("000102030405060708090a0b0c0d0e0f"),
  plaintext: hex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
  ),
  ciphertext: "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" +
    "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
};

const testKey = await importAesKey(new Uint8Array(32).fill(7));
const testIv = new Uint8Array(16).fill(9);

Deno.test("AES-256-CBC gives the blocks of NIST SP 800-38A, and then one of padding", async () => {
  const encrypted = await encryptAesCbc(NIST.key, NIST.iv, NIST.plaintext);
  assert.equal(encrypted.length, 80);
  assert.equal(toHex(encrypted.subarray(0, 64)), NIST.ciphertext);
  assert.deepEqual(await decryptAesCbc(NIST.key, NIST.iv, encrypted), NIST.plaintext);
});

Deno.test("NIST's blocks come out one by one, in both directions", async () => {
  const ciphertext = hex(NIST.ciphertext);
  for (let at = 0; at < ciphertext.length; at += 16) {
    const before = at === 0 ? NIST.iv : ciphertext.slice(at - 16, at);
    const [plain, block] = [NIST.plaintext.slice(at, at + 16), ciphertext.slice(at, at + 16)];
    assert.deepEqual(await encryptBlocks(NIST.key, before, plain), block);
    assert.deepEqual(await decryptBlocks(NIST.key, before, block), plain);
  }
});

/** The message cut into pieces at the given sizes, over and over. */
function pieces(message: Bytes, sizes: readonly number[]): Bytes[] {
  const cut: Bytes[] = [];
  for (let at = 0, i = 0; at < message.length; i++) {
    const size = sizes[i % sizes.length] ?? message.length;
    cut.push(message.subarray(at, at + size));
    at += size;
  }
  return cut;
}

async function encryptInPieces(message: Bytes, sizes: readonly number[]): Promise<Bytes> {
  const encryption = startEncryption(testKey, testIv);
  const out: Bytes[] = [];
  for (const piece of pieces(message, sizes)) out.push(await encryption.update(piece));
  return concat(...out, await encryption.finish());
}

async function decryptInPieces(message: Bytes, sizes: readonly number[]): Promise<Bytes | undefined> {
  const decryption = startDecryption(testKey, testIv);
  const out: Bytes[] = [];
  for (const piece of pieces(message, sizes)) out.push(await decryption.update(piece));
  const rest = await decryption.finish();
  return rest && concat(...out, rest);
}

/** Bytes that differ from block to block. */
function messageOf(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => i * 31 ^ i >> 8);
}

const lengths = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: 65_500, max: 65_600 }),
  fc.integer({ min: 0, max: 200_000 }),
);
const sizes = fc.array(fc.oneof(fc.integer({ min: 500, max: 70_000 }), fc.constantFrom(16, 65_536, 65_537)), {
  minLength: 1,
  maxLength: 5,
});

Deno.test("pieces of any size give what the whole gives, in both directions", async () => {
  await fc.assert(
    fc.asyncProperty(lengths, sizes, sizes, async (length, ours, theirs) => {
      const plaintext = messageOf(length);
      const expected = await encryptAesCbc(testKey, testIv, plaintext);
      // As text: what differs between so many bytes is told by nobody in a minute.
      assert.equal(toHex(await encryptInPieces(plaintext, ours)), toHex(expected));
      assert.equal(toHex(await decryptInPieces(expected, theirs) ?? new Uint8Array()), toHex(plaintext));
    }),
    { numRuns: 40 },
  );
});

Deno.test("a piece may be overwritten when it was given", async () => {
  const encryption = startEncryption(testKey, testIv);
  const piece = messageOf(100);
  await encryption.update(piece);
  piece.fill(0);
  assert.deepEqual(await encryption.finish(), await encryptAesCbc(testKey, testIv, messageOf(100)));
});

Deno.test("a message is taken up at any block", async () => {
  const cuts = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat());
  await fc.assert(fc.asyncProperty(cuts, async ([message, cut]) => {
    const plaintext = Uint8Array.from(message);
    const encrypted = await encryptAesCbc(testKey, testIv, plaintext);
    const at = 16 * (cut % (encrypted.length / 16));
    const before = at === 0 ? testIv : encrypted.slice(at - 16, at);
    if (at > 0) {
      assert.deepEqual(await encryptBlocks(testKey, testIv, plaintext.slice(0, at)), encrypted.slice(0, at));
      assert.deepEqual(await decryptBlocks(testKey, testIv, encrypted.slice(0, at)), plaintext.slice(0, at));
    }
    assert.deepEqual(await decryptAesCbc(testKey, before, encrypted.slice(at)), plaintext.slice(at));
  }));
});

Deno.test("blocks that are none are refused", async () => {
  for (const length of [1, 15, 17, 33]) {
    await assert.rejects(encryptBlocks(testKey, testIv, new Uint8Array(length)), RangeError);
    await assert.rejects(decryptBlocks(testKey, testIv, new Uint8Array(length)), RangeError);
  }
  await assert.rejects(decryptBlocks(testKey, testIv, new Uint8Array()), RangeError);
});

Deno.test("a stream holds back no more than 64 KiB, whatever its length", async () => {
  const encryption = startEncryption(testKey, testIv);
  const decryption = startDecryption(testKey, testIv);
  const piece = new Uint8Array(10_000);
  let sent = 0, encrypted = 0, decrypted = 0;
  for (let i = 0; i < 50; i++) {
    sent += piece.length;
    const blocks = await encryption.update(piece);
    encrypted += blocks.length;
    decrypted += (await decryption.update(blocks)).length;
    assert.ok(sent - encrypted <= 65_536);
    assert.ok(encrypted - decrypted <= 65_552);
  }
});

/** One block whose plaintext is `block`, padding included. */
async function encryptedBlock(block: Bytes): Promise<Bytes> {
  return (await encryptAesCbc(testKey, testIv, block)).subarray(0, 16);
}

Deno.test("a message that is cut, or whose padding is wrong, is refused", async (t) => {
  const whole = await encryptAesCbc(testKey, testIv, new Uint8Array(40));
  const padded = (...tail: number[]) => Uint8Array.from([...new Array(16 - tail.length).fill(5), ...tail]);
  const cases: readonly [string, Bytes, boolean][] = [
    ["whole", whole, true],
    ["nothing", new Uint8Array(), false],
    ["cut inside a block", whole.subarray(0, 47), false],
    ["one byte more", concat(whole, Uint8Array.of(0)), false],
    ["the last block missing", whole.subarray(0, 32), false],
    ["padding of one", await encryptedBlock(padded(1)), true],
    ["padding of three", await encryptedBlock(padded(3, 3, 3)), true],
    ["padding of a whole block", await encryptedBlock(new Uint8Array(16).fill(16)), true],
    ["padding of zero", await encryptedBlock(padded(0)), false],
    ["padding longer than a block", await encryptedBlock(padded(17)), false],
    ["padding whose bytes differ", await encryptedBlock(padded(3, 2, 3)), false],
    ["padding whose first byte differs", await encryptedBlock(padded(2, 3, 3)), false],
  ];
  for (const [name, message, ok] of cases) {
    await t.step(name, async () => {
      assert.equal(await decryptAesCbc(testKey, testIv, message) !== undefined, ok);
      assert.equal(await decryptInPieces(message, [1]) !== undefined, ok);
    });
  }
});

Deno.test("noise is refused or decrypts to less than itself; it never throws", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
    const noise = Uint8Array.from(bytes);
    const plaintext = await decryptInPieces(noise, [7]);
    assert.deepEqual(plaintext, await decryptAesCbc(testKey, testIv, noise));
    if (plaintext) assert.ok(plaintext.length < noise.length);
  }));
});

Deno.test("a key of 32 bytes and an IV of 16 are needed", async () => {
  for (const length of [0, 16, 24, 31, 33]) await assert.rejects(importAesKey(new Uint8Array(length)), RangeError);
  for (const length of [0, 12, 15, 17]) {
    const iv = new Uint8Array(length);
    assert.throws(() => startEncryption(testKey, iv), RangeError);
    assert.throws(() => startDecryption(testKey, iv), RangeError);
    await assert.rejects(encryptAesCbc(testKey, iv, new Uint8Array(16)), RangeError);
    await assert.rejects(decryptAesCbc(testKey, iv, new Uint8Array(16)), RangeError);
  }
});

Deno.test("an AES key shows nothing of itself, and does not change with the bytes it came from", async () => {
  const raw = new Uint8Array(32).fill(7);
  const key = await importAesKey(raw);
  raw.fill(0);
  const [one, other] = [key, testKey].map((aes) => encryptAesCbc(aes, testIv, new Uint8Array(5)));
  assert.deepEqual(await one, await other);
  assert.equal(Deno.inspect(key, { depth: 10, showHidden: true }), "AesKey {}");
  assert.equal(JSON.stringify(key), "{}");
});
