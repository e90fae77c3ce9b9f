import { setImmediate } from "node:timers";
import { type Bytes, utf8 } from "./bytes.ts";

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** A key for HMAC-SHA256: a `CryptoKey` that is not extractable, so the raw bytes cannot be read back or printed. */
class HmacKey {
  readonly #key: CryptoKey;

  constructor(key: CryptoKey) {
    this.#key = key;
  }

  sign(data: Bytes): Promise<ArrayBuffer> {
    return together(() => crypto.subtle.sign(ALGORITHM, this.#key, data));
  }

  verify(data: Bytes, mac: Bytes): Promise<boolean> {
    return together(() => crypto.subtle.verify(ALGORITHM, this.#key, mac, data));
  }
}

export type { HmacKey };

/**
 * Web Crypto hands every call to a thread, and to wake one takes longer than an HMAC. What is asked for in one turn of the event
 * loop is handed over at its end, one call right after the other: then most threads are awake.
 */
let asked: (() => void)[] = [];

function together<T>(call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (asked.push(() => void call().then(resolve, reject)) === 1) setImmediate(beginHmacs);
  });
}

/**
 * Begins what was asked for in this turn at once. To be called before the turn waits for something, a disk for instance: the
 * threads work meanwhile.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const mac = hmacSha256(await importHmacKey(utf8("a key")), "to roof");
 * beginHmacs();
 * (await mac).length; // => 32
 * ```
 */
export function beginHmacs(): void {
  const calls = asked;
  asked = [];
  for (const call of calls) call();
}

/**
 * A key of `raw`, one byte or more. The caller may overwrite `raw` afterwards.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const key = await importHmacKey(utf8("Jefe"));
 * (await hmacSha256(key, "what do ya want for nothing?")).length; // => 32
 * JSON.stringify(key); // => "{}"
 * ```
 */
export async function importHmacKey(raw: Bytes): Promise<HmacKey> {
  return new HmacKey(await crypto.subtle.importKey("raw", raw, ALGORITHM, false, ["sign", "verify"]));
}

/**
 * HMAC-SHA256, 32 bytes (RFC 2104). Text is taken as UTF-8.
 *
 * @example
 * ```ts
 * import { toHex, utf8 } from "./bytes.ts";
 * const mac = await hmacSha256(await importHmacKey(utf8("Jefe")), "what do ya want for nothing?");
 * toHex(mac); // => "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
 * ```
 */
export async function hmacSha256(key: HmacKey, data: Bytes | string): Promise<Bytes> {
  return new Uint8Array(await key.sign(bytesOf(data)));
}

/**
 * Whether `mac` is the HMAC-SHA256 of `data`, all 32 bytes of it, compared in constant time.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const key = await importHmacKey(utf8("a key"));
 * const mac = await hmacSha256(key, "to roof");
 * await verifyHmacSha256(key, "to roof", mac); // => true
 * await verifyHmacSha256(key, "to shed", mac); // => false
 * ```
 */
export function verifyHmacSha256(key: HmacKey, data: Bytes | string, mac: Bytes): Promise<boolean> {
  return key.verify(bytesOf(data), mac);
}

function bytesOf(data: Bytes | string): Bytes {
  return typeof data === "string" ? utf8(data) : data;
}
