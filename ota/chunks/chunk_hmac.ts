import { fromHex, toHex, utf8 } from "../../crypto/bytes.ts";
import { type HmacKey, hmacSha256, importHmacKey, verifyHmacSha256 } from "../../crypto/hmac.ts";

/** Bytes of the key that chunks are authenticated with. */
export const CHUNK_KEY_BYTES = 32;

/** Who the image is for: boards key the HMAC with the 64 ASCII characters of the key's lower-case hex, nodes with its 32 bytes. */
export type Audience = "board" | "node";

/** The HMAC key for chunks. Throws a `RangeError` unless `raw` has 32 bytes. */
export function importChunkKey(raw: Uint8Array, audience: Audience): HmacKey {
  if (raw.length !== CHUNK_KEY_BYTES) {
    throw new RangeError(`Cannot use a chunk key of ${raw.length} bytes: it must be 32`);
  }
  return importHmacKey(audience === "board" ? utf8(toHex(raw)) : raw);
}

/** HMAC-SHA256 over the encrypted chunk and its number in ASCII decimal (PROTOCOL §7), lower-case hex. */
export function chunkHmac(key: HmacKey, chunk: Uint8Array, number: number): string {
  return toHex(hmacSha256(key, chunk, String(number)));
}

/** Whether `hmac`, 64 hex digits, is the chunk's at this place. */
export function verifyChunkHmac(key: HmacKey, chunk: Uint8Array, number: number, hmac: string): boolean {
  const mac = fromHex(hmac);
  return mac !== undefined && verifyHmacSha256(key, chunk, mac, String(number));
}
