import { sha256Base64 } from "./sha256.ts";

/** One SHA-256 member without parameters. The last digit has two bits to spare, which are 0: one way to write it. */
const ONE_SHA256 = /^sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:$/;

/**
 * The `Content-Digest` field of a body (RFC 9530 section 2): `sha-256=:<Base64>:`.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * contentDigest(utf8("abc")); // => "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"
 * ```
 */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${sha256Base64(body)}:`;
}

/**
 * Whether a field is one SHA-256 digest and nothing else. RFC 9530 allows several algorithms, and the weak or unknown one
 * beside ours would be covered by the signature without anyone having checked it.
 *
 * @example
 * ```ts
 * isContentDigest("sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"); // => true
 * isContentDigest("md5=:kAFQmDzST7DWlj99KOF/cg==:"); // => false
 * ```
 */
export function isContentDigest(field: string): boolean {
  return ONE_SHA256.test(field);
}

/**
 * Whether `field` is the SHA-256 digest of the body as it was received. False for every other or malformed field.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * verifyContentDigest(contentDigest(utf8("abc")), utf8("abc")); // => true
 * verifyContentDigest(contentDigest(utf8("abc")), utf8("abd")); // => false
 * ```
 */
export function verifyContentDigest(field: string, body: Uint8Array): boolean {
  return field === contentDigest(body);
}
