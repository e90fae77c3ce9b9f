import { type Bytes, concat, fromHex, toHex, utf8 } from "../../crypto/bytes.ts";
import { type HmacKey, hmacSha256, verifyHmacSha256 } from "../../crypto/hmac.ts";

/** HMAC-SHA256 over the encrypted chunk and its number in ASCII decimal (contract/1-link §7), lower-case hex. */
export async function chunkHmac(key: HmacKey, chunk: Uint8Array, number: number): Promise<string> {
  return toHex(await hmacSha256(key, numbered(chunk, number)));
}

/** Whether `hmac`, 64 hex digits, is the chunk's at this place. */
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
