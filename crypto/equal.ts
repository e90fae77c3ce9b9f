// Web Crypto compares nothing but its own signatures: node:crypto.
import { timingSafeEqual } from "node:crypto";

/**
 * Whether two secrets are the same, in a time that depends on their length only.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * equalInConstantTime(utf8("abc"), utf8("abc")); // => true
 * equalInConstantTime(utf8("abc"), utf8("ab")); // => false
 * ```
 */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
