import { type Bytes, utf8 } from "./bytes.ts";

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** A key for HMAC-SHA256: a `CryptoKey` that is not extractable, so the raw bytes cannot be read back or printed. */
class HmacKey {
  readonly #key: CryptoKey;

  constructor(key: CryptoKey) {
    this.#key = key;
  }

  sign(data: Bytes): Promise<ArrayBuffer> {
    return crypto.subtle.sign(ALGORITHM, this.#key, data);
  }

  verify(data: Bytes, mac: Bytes): Promise<boolean> {
    return crypto.subtle.verify(ALGORITHM, this.#key, mac, data);
  }
}

export type { HmacKey };

/**
 * A key of `raw`, one byte or more. The caller may overwrite `raw` afterwards.
 *
 * ```ts
 * const key = await importHmacKey(utf8("Jefe"));
 * const mac = await hmacSha256(key, "what do ya want for nothing?");
 * await verifyHmacSha256(key, "what do ya want for nothing?", mac); // true
 * ```
 */
export async function importHmacKey(raw: Bytes): Promise<HmacKey> {
  return new HmacKey(await crypto.subtle.importKey("raw", raw, ALGORITHM, false, ["sign", "verify"]));
}

/** HMAC-SHA256, 32 bytes (RFC 2104). Text is taken as UTF-8. */
export async function hmacSha256(key: HmacKey, data: Bytes | string): Promise<Bytes> {
  return new Uint8Array(await key.sign(bytesOf(data)));
}

/** Whether `mac` is the HMAC-SHA256 of `data`, all 32 bytes of it, compared in constant time. */
export function verifyHmacSha256(key: HmacKey, data: Bytes | string, mac: Bytes): Promise<boolean> {
  return key.verify(bytesOf(data), mac);
}

function bytesOf(data: Bytes | string): Bytes {
  return typeof data === "string" ? utf8(data) : data;
}
