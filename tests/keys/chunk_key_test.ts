import assert from "node:assert/strict";
import { toHex, utf8 } from "../../crypto/bytes.ts";
import { hmacSha256, importHmacKey } from "../../crypto/hmac.ts";
import { importChunkKey } from "../../keys/chunk_key.ts";

const raw = Uint8Array.from({ length: 32 }, (_, i) => 7 * i); // a test key

Deno.test("boards key the HMAC of chunks with the text of the key's hex, nodes with its bytes", async () => {
  const macOf = async (audience: "board" | "node") => await hmacSha256(await importChunkKey(raw, audience), "chunk");
  assert.deepEqual(await macOf("board"), await hmacSha256(await importHmacKey(utf8(toHex(raw))), "chunk"));
  assert.deepEqual(await macOf("node"), await hmacSha256(await importHmacKey(raw), "chunk"));
});

for (const length of [0, 16, 31, 33, 64]) {
  Deno.test(`a chunk key of ${length} bytes is refused`, async () => {
    for (const audience of ["board", "node"] as const) {
      await assert.rejects(importChunkKey(new Uint8Array(length), audience), RangeError);
    }
  });
}
