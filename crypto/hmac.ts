import { createHash, type Hash } from "node:crypto";
import type { Bytes } from "./bytes.ts";
import { equalInConstantTime } from "./equal.ts";

const BLOCK_BYTES = 64;

/**
 * A key for HMAC-SHA256. It keeps the two hash states after the padded key (RFC 2104 section 4), not the key: the raw
 * bytes cannot be read back or printed, and a call costs half of `createHmac`, a tenth of Web Crypto (ADR 010).
 */
class HmacKey {
  readonly #inner: Hash;
  readonly #outer: Hash;

  constructor(raw: Uint8Array) {
    const key = raw.length > BLOCK_BYTES ? createHash("sha256").update(raw).digest() : raw;
    this.#inner = createHash("sha256").update(padded(key, 0x36));
    this.#outer = createHash("sha256").update(padded(key, 0x5c));
  }

  mac(data: Uint8Array | string, rest?: string): Bytes {
    const hash = this.#inner.copy().update(data);
    const inner = (rest === undefined ? hash : hash.update(rest)).digest();
    return new Uint8Array(this.#outer.copy().update(inner).digest());
  }
}

export type { HmacKey };

function padded(key: Uint8Array, pad: number): Bytes {
  const block = new Uint8Array(BLOCK_BYTES).fill(pad);
  for (const [i, byte] of key.entries()) block[i] = byte ^ pad;
  return block;
}

/** An opaque key of `raw`, any length. The caller may overwrite `raw` afterwards. */
export function importHmacKey(raw: Uint8Array): HmacKey {
  return new HmacKey(raw);
}

/** HMAC-SHA256, 32 bytes (RFC 2104), of `data` and then of `rest`, if there is one. Text is taken as UTF-8. */
export function hmacSha256(key: HmacKey, data: Uint8Array | string, rest?: string): Bytes {
  return key.mac(data, rest);
}

/** Whether `mac` is the HMAC-SHA256 of `data` (and `rest`), all 32 bytes of it, compared in constant time. */
export function verifyHmacSha256(key: HmacKey, data: Uint8Array | string, mac: Uint8Array, rest?: string): boolean {
  return equalInConstantTime(key.mac(data, rest), mac);
}
