import type { Bytes } from "./bytes.ts";

/** Bytes of an AES-256 key, of a nonce, and of the tag behind a ciphertext. */
export const GCM_KEY_BYTES = 32;
export const GCM_NONCE_BYTES = 12;
const GCM_TAG_BYTES = 16;

/** A key for AES-256-GCM: a `CryptoKey` that is not extractable. */
class GcmKey {
  readonly #key: CryptoKey;

  constructor(key: CryptoKey) {
    this.#key = key;
  }

  encrypt(parameters: AesGcmParams, plain: Bytes): Promise<ArrayBuffer> {
    return crypto.subtle.encrypt(parameters, this.#key, plain);
  }

  decrypt(parameters: AesGcmParams, message: Bytes): Promise<ArrayBuffer> {
    return crypto.subtle.decrypt(parameters, this.#key, message);
  }
}

/** What a message is encrypted with beside the key. */
export interface GcmContext {
  /** 12 bytes, never used before with this key. */
  readonly nonce: Bytes;
  /** Authenticated with the message and not part of it. */
  readonly additional: Bytes;
}

/**
 * A key of 32 bytes; the caller may overwrite them afterwards. Rejects with a `RangeError` for another length.
 *
 * @example
 * ```ts
 * const key = await importGcmKey(crypto.getRandomValues(new Uint8Array(GCM_KEY_BYTES)));
 * JSON.stringify(key); // => "{}"
 * ```
 */
export async function importGcmKey(raw: Bytes): Promise<GcmKey> {
  if (raw.length !== GCM_KEY_BYTES) {
    throw new RangeError(`Cannot use an AES-GCM key of ${raw.length} bytes: it must be ${GCM_KEY_BYTES}`);
  }
  return new GcmKey(await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]));
}

/**
 * AES-256-GCM (NIST SP 800-38D): ciphertext ‖ tag.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const key = await importGcmKey(new Uint8Array(GCM_KEY_BYTES));
 * const context = { nonce: crypto.getRandomValues(new Uint8Array(GCM_NONCE_BYTES)), additional: utf8("roof/1") };
 * (await encryptAesGcm(key, context, utf8("secret"))).length; // => 6 + 16
 * ```
 */
export async function encryptAesGcm(key: GcmKey, context: GcmContext, plain: Bytes): Promise<Bytes> {
  return new Uint8Array(await key.encrypt(parametersOf(context), plain));
}

/**
 * The message, or `undefined` when anything of it, of its context or of the key is another.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const key = await importGcmKey(new Uint8Array(GCM_KEY_BYTES));
 * const context = { nonce: crypto.getRandomValues(new Uint8Array(GCM_NONCE_BYTES)), additional: utf8("roof/1") };
 * const sealed = await encryptAesGcm(key, context, utf8("secret"));
 * await decryptAesGcm(key, context, sealed); // => utf8("secret")
 * await decryptAesGcm(key, { ...context, additional: utf8("shed/1") }, sealed); // => undefined
 * ```
 */
export async function decryptAesGcm(key: GcmKey, context: GcmContext, message: Bytes): Promise<Bytes | undefined> {
  const parameters = parametersOf(context);
  if (message.length < GCM_TAG_BYTES) return undefined;
  try {
    return new Uint8Array(await key.decrypt(parameters, message));
  } catch {
    return undefined; // the tag does not fit: Web Crypto tells no more
  }
}

function parametersOf({ nonce, additional }: GcmContext): AesGcmParams {
  if (nonce.length !== GCM_NONCE_BYTES) {
    throw new RangeError(`Cannot use an AES-GCM nonce of ${nonce.length} bytes: it must be ${GCM_NONCE_BYTES}`);
  }
  return { name: "AES-GCM", iv: nonce, additionalData: additional, tagLength: 8 * GCM_TAG_BYTES };
}
