import type { Bytes } from "./bytes.ts";

/** What a derived key is bound to. */
interface HkdfContext {
  /** Not secret, random if there is any; empty for none. */
  readonly salt: Bytes;
  /** What the key is for: another text, another key. */
  readonly info: Bytes;
}

/** The largest output: 255 blocks (RFC 5869 section 2.3). */
const MAX_BYTES = 255 * 32;

/**
 * HKDF-SHA256 (RFC 5869): `length` key bytes, 1 to 8,160, from a secret. Throws a `RangeError` for another length.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const context = { salt: utf8("salt"), info: utf8("upload") };
 * const key = await hkdfSha256(utf8("a secret of some length"), context, 32);
 * key.length; // => 32
 * ```
 */
export async function hkdfSha256(secret: Bytes, context: HkdfContext, length: number): Promise<Bytes> {
  if (!Number.isInteger(length) || length < 1 || length > MAX_BYTES) {
    throw new RangeError(`Cannot derive ${length} bytes: HKDF-SHA256 gives 1 to ${MAX_BYTES}`);
  }
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", ...context }, key, 8 * length);
  return new Uint8Array(bits);
}
