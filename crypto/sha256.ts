// Web Crypto has no incremental digest, and its one for a whole is asynchronous and dearer for what is short: node:crypto.
import { createHash } from "node:crypto";
import type { Bytes } from "./bytes.ts";

/**
 * SHA-256 of the whole, 32 bytes (FIPS 180-4). Text is hashed as UTF-8.
 *
 * @example
 * ```ts
 * import { toHex } from "./bytes.ts";
 * toHex(sha256("abc")); // => "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
 * ```
 */
export function sha256(data: Uint8Array | string): Bytes {
  return new Uint8Array(createHash("sha256").update(data).digest());
}

/**
 * As `sha256`, in standard Base64.
 *
 * @example
 * ```ts
 * sha256Base64(new Uint8Array()); // => "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
 * ```
 */
export function sha256Base64(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("base64");
}

/** A hash that takes its input in pieces, in constant memory. */
interface Sha256 {
  update(piece: Uint8Array): void;
  /** SHA-256 of the pieces so far, 32 bytes; more pieces may follow. */
  digest(): Bytes;
}

/**
 * Starts an incremental SHA-256.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const hash = createSha256();
 * hash.update(utf8("a"));
 * hash.update(utf8("bc"));
 * hash.digest(); // => sha256("abc")
 * ```
 */
export function createSha256(): Sha256 {
  const hash = createHash("sha256");
  return {
    update: (piece) => void hash.update(piece),
    digest: () => new Uint8Array(hash.copy().digest()),
  };
}
