import assert from "node:assert/strict";
import { type Bytes, fromHex, toHex } from "../../crypto/bytes.ts";
import { hkdfSha256 } from "../../crypto/hkdf.ts";

function hex(text: string): Bytes {
  const bytes = fromHex(text);
  assert.ok(bytes);
  return bytes;
}

/** Bytes from..to, both included. */
function range(from: number, to: number): Bytes {
  return Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const NONE = new Uint8Array();

/** RFC 5869 appendix A, the SHA-256 cases A.1 to A.3. */
const VECTORS: readonly { name: string; secret: Bytes; salt: Bytes; info: Bytes; output: string }[] = [
  {
    name: "A.1 basic",
    secret: hex("0b".repeat(22)),
    salt: range(0x00, 0x0c),
    info: range(0xf0, 0xf9),
    output: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  },
  {
    name: "A.2 longer inputs and outputs",
    secret: range(0x00, 0x4f),
    salt: range(0x60, 0xaf),
    info: range(0xb0, 0xff),
    output: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c" +
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
  },
  {
    name: "A.3 no salt, no info",
    secret: hex("0b".repeat(22)),
    salt: NONE,
    info: NONE,
    output: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  },
];

Deno.test("HKDF-SHA256 gives the keys of RFC 5869", async (t) => {
  for (const { name, secret, salt, info, output } of VECTORS) {
    await t.step(name, async () => {
      assert.equal(toHex(await hkdfSha256(secret, { salt, info }, output.length / 2)), output);
    });
  }
});

Deno.test("HKDF gives 1 to 8,160 bytes and no others", async () => {
  const context = { salt: NONE, info: NONE };
  assert.equal((await hkdfSha256(range(1, 32), context, 8160)).length, 8160);
  for (const length of [0, -1, 1.5, 8161, NaN]) {
    await assert.rejects(hkdfSha256(range(1, 32), context, length), RangeError);
  }
});
