import assert from "node:assert/strict";
import { fromBase64 } from "../../../crypto/bytes.ts";
import { decryptAesCbc, importAesKey } from "../../../crypto/aes_cbc.ts";
import { importRsaPublicKey, verifyRsa } from "../../../crypto/rsa.ts";
import { verifyChunkHmac } from "../../../ota/chunks/chunk_hmac.ts";
import { importChunkKey } from "../../../keys/chunk_key.ts";
import { MAX_BOARD_ANSWER_BYTES, MAX_BOARD_IMAGE_BYTES } from "../../../ota/manifest/limits.ts";
import { boardKeys } from "../../ota/fixture.ts";
import type { Running } from "../command/running.ts";

/** A board as contract/2-boards §8 describes it. */
export function createBoard(gateway: Running, version = "1.0.3") {
  const board = { version, downloads: 0, check, update };
  async function check() {
    const answer = await gateway.board("/ota/check", { current_version: board.version });
    assert.equal(answer.status, 200);
    assert.ok(answer.bytes <= MAX_BOARD_ANSWER_BYTES);
    assert.equal(answer.headers.get("content-length"), String(answer.bytes));
    return answer.json;
  }
  /** Checks, and downloads what there is; `until` breaks off before that chunk. */
  async function update(until = Infinity): Promise<"none" | "broken" | "restarted"> {
    const offer = await check();
    if (!offer.update_available) return "none";
    assert.ok(offer.encrypted_size <= MAX_BOARD_IMAGE_BYTES && offer.total_chunks <= 65_535);
    const keys = await boardKeys();
    const image = new Uint8Array(offer.encrypted_size);
    let size = 0;
    for (let n = 0; n < offer.total_chunks; n++) {
      if (n === until) return "broken";
      const answer = await gateway.board("/ota/chunk", { version: offer.version, chunk_number: n });
      if (answer.status !== 200) return "broken";
      assert.ok(answer.bytes <= MAX_BOARD_ANSWER_BYTES, `${answer.bytes} bytes`);
      const { data, size: chunkSize, hmac } = answer.json.chunk;
      const chunk = fromBase64(data) ?? assert.fail();
      assert.equal(chunk.length, chunkSize);
      assert.ok(await verifyChunkHmac(await importChunkKey(keys.chunk, "board"), chunk, n, hmac));
      image.set(chunk, size);
      size += chunk.length;
    }
    const plain = await decryptAesCbc(await importAesKey(keys.aes), fromBase64(offer.iv) ?? assert.fail(), image) ??
      assert.fail();
    assert.equal(plain[0], 0xe9);
    assert.equal(plain.length, offer.original_size);
    const key = await importRsaPublicKey(keys.publicPem) ?? assert.fail();
    assert.ok(await verifyRsa(key, plain, fromBase64(offer.signature ?? "") ?? assert.fail()));
    board.version = offer.version;
    board.downloads++;
    return "restarted";
  }
  return board;
}
