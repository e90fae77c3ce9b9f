import { fromHex, toHex } from "../../crypto/bytes.ts";
import { type HmacKey, hmacSha256, verifyHmacSha256 } from "../../crypto/hmac.ts";

/** HMAC-SHA256 over the encrypted chunk and its number in ASCII decimal (contract/1-link §7), lower-case hex. */
export function chunkHmac(key: HmacKey, chunk: Uint8Array, number: number): string {
  return toHex(hmacSha256(key, chunk, String(number)));
}

/** Whether `hmac`, 64 hex digits, is the chunk's at this place. */
export function verifyChunkHmac(key: HmacKey, chunk: Uint8Array, number: number, hmac: string): boolean {
  const mac = fromHex(hmac);
  return mac !== undefined && verifyHmacSha256(key, chunk, mac, String(number));
}
