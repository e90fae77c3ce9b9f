import assert from "node:assert/strict";
import { z } from "zod";
import { fromHex } from "../../../crypto/bytes.ts";
import { chunkHmac, verifyChunkHmac } from "../../../ota/chunks/chunk_hmac.ts";
import { importChunkKey } from "../../../keys/chunk_key.ts";
import { reference, testWith } from "../../needs.ts";

const Verified = z.record(z.string(), z.object({ chunks: z.record(z.string(), z.object({ hmac: z.string() })) }));

const image = reference("esp32/ota/firmware-acb9419/firmware_1.0.4_encrypted.bin");
const psk = reference("esp32/ota/hmac_psk.txt");
const vectors = reference("esp32/ota/verification.json");

testWith([image, psk, vectors], "chunks of the boards' own image have the HMAC that the boards compute", async () => {
  const bytes = await Deno.readFile(image.url);
  const raw = fromHex((await Deno.readTextFile(psk.url)).trim()) ?? assert.fail();
  const { "firmware-acb9419": checked } = JSON.parse(await Deno.readTextFile(vectors.url));
  const { image: expected } = Verified.parse({ image: checked });
  const key = await importChunkKey(raw, "board");
  let count = 0;
  for (const [number, { hmac }] of Object.entries(expected?.chunks ?? {})) {
    const n = Number(number);
    const chunk = bytes.subarray(1024 * n, 1024 * (n + 1));
    assert.equal(await chunkHmac(key, chunk, n), hmac);
    assert.equal(await verifyChunkHmac(key, chunk, n, hmac), true);
    assert.equal(await verifyChunkHmac(key, chunk, n + 1, hmac), false, "at another place");
    assert.equal(
      await verifyChunkHmac(await importChunkKey(raw, "node"), chunk, n, hmac),
      false,
      "with the bytes of the key",
    );
    count++;
  }
  assert.ok(count >= 8);
});

Deno.test("a chunk's HMAC of another form is refused", async () => {
  const key = await importChunkKey(new Uint8Array(32), "node");
  const chunk = new Uint8Array(16);
  for (const bad of ["", "00", "zz", (await chunkHmac(key, chunk, 0)).slice(2), await chunkHmac(key, chunk, 1)]) {
    assert.equal(await verifyChunkHmac(key, chunk, 0, bad), false);
  }
  await assert.rejects(importChunkKey(new Uint8Array(31), "node"), RangeError);
});

Deno.test("a chunk's HMAC is for its place alone, with all the digits of its number", async () => {
  const key = await importChunkKey(new Uint8Array(32), "node");
  const chunk = new Uint8Array(16);
  const codes = await Promise.all([0, 1, 2, 10, 11, 12, 100, 101, 1001].map((number) => chunkHmac(key, chunk, number)));
  assert.equal(new Set(codes).size, codes.length);
});
