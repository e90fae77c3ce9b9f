import { type Bytes, concat, fromHex, toHex, utf8 } from "../../crypto/bytes.ts";
import { type HmacKey, hmacSha256, verifyHmacSha256 } from "../../crypto/hmac.ts";

/**
 * HMAC-SHA256 over the encrypted chunk and its number in ASCII decimal (contract/1-link §7), lower-case hex.
 *
 * @example
 * ```ts
 * import { importChunkKey } from "../../keys/chunk_key.ts";
 * const key = await importChunkKey(new Uint8Array(32), "node");
 * (await chunkHmac(key, new Uint8Array([1, 2, 3, 4]), 7)).length; // => 64
 * ```
 */
export async function chunkHmac(key: HmacKey, chunk: Uint8Array, number: number): Promise<string> {
  return toHex(await hmacSha256(key, numbered(chunk, number)));
}

/**
 * Whether `hmac`, 64 hex digits, is the chunk's at this place.
 *
 * @example
 * ```ts
 * import { importChunkKey } from "../../keys/chunk_key.ts";
 * const [key, chunk] = [await importChunkKey(new Uint8Array(32), "node"), new Uint8Array([1, 2, 3, 4])];
 * const hmac = await chunkHmac(key, chunk, 7);
 * await verifyChunkHmac(key, chunk, 7, hmac); // => true
 * await verifyChunkHmac(key, chunk, 8, hmac); // => false
 * ```
 */
export async function verifyChunkHmac(
  key: HmacKey,
  chunk: Uint8Array,
  number: number,
  hmac: string,
): Promise<boolean> {
  const mac = fromHex(hmac);
  return mac !== undefined && await verifyHmacSha256(key, numbered(chunk, number), mac);
}

function numbered(chunk: Uint8Array, number: number): Bytes {
  return concat(chunk, utf8(String(number)));
}
