import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex } from "../../crypto/bytes.ts";
import { createSha256, sha256 } from "../../crypto/sha256.ts";

/** FIPS 180-4 examples of NIST's "SHA256.pdf" and CAVP SHA256ShortMsg.rsp / SHA256LongMsg.rsp. */
const VECTORS: readonly [message: string, digest: string][] = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

Deno.test("SHA-256 gives the digests of FIPS 180-4's examples", () => {
  for (const [message, digest] of VECTORS) {
    assert.equal(toHex(sha256(message)), digest);
    assert.equal(toHex(sha256(new TextEncoder().encode(message))), digest);
  }
});

Deno.test("an incremental SHA-256 is that of the whole, at every moment and however it is cut", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (pieces) => {
    const hash = createSha256();
    const seen: number[] = [];
    for (const piece of pieces) {
      hash.update(piece);
      seen.push(...piece);
      assert.deepEqual(hash.digest(), sha256(Uint8Array.from(seen)));
    }
  }));
});
