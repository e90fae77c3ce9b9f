import { type Bytes, toHex, utf8 } from "../crypto/bytes.ts";
import { type HmacKey, importHmacKey } from "../crypto/hmac.ts";

/** Bytes of the key that chunks are authenticated with. */
export const CHUNK_KEY_BYTES = 32;

/** Who the image is for: boards key the HMAC with the 64 ASCII characters of the key's lower-case hex, nodes with its 32 bytes. */
export type Audience = "board" | "node";

/** The HMAC key for chunks. Rejects with a `RangeError` unless `raw` has 32 bytes. */
export async function importChunkKey(raw: Bytes, audience: Audience): Promise<HmacKey> {
  if (raw.length !== CHUNK_KEY_BYTES) {
    throw new RangeError(`Cannot use a chunk key of ${raw.length} bytes: it must be 32`);
  }
  return await importHmacKey(audience === "board" ? utf8(toHex(raw)) : raw);
}
