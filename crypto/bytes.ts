/** Bytes over memory that Web Crypto accepts (never shared memory). */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/**
 * UTF-8 bytes of a text.
 *
 * @example
 * ```ts
 * utf8("é"); // => new Uint8Array([0xc3, 0xa9])
 * ```
 */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/**
 * One array after the other.
 *
 * @example
 * ```ts
 * concat(utf8("ab"), utf8("c")); // => utf8("abc")
 * ```
 */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Lower-case hex digits.
 *
 * @example
 * ```ts
 * toHex(new Uint8Array([0, 255])); // => "00ff"
 * ```
 */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Bytes of a hex text of either case; `undefined` when it is not whole bytes of hex digits.
 *
 * @example
 * ```ts
 * fromHex("00FF"); // => new Uint8Array([0, 255])
 * fromHex("0"); // => undefined
 * ```
 */
export function fromHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/**
 * Standard Base64 with padding (RFC 4648 section 4).
 *
 * @example
 * ```ts
 * toBase64(utf8("roof")); // => "cm9vZg=="
 * ```
 */
export function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/**
 * Bytes of standard Base64 with padding and no white space; `undefined` for anything else.
 *
 * @example
 * ```ts
 * fromBase64("cm9vZg=="); // => utf8("roof")
 * fromBase64("cm9vZg"); // => undefined
 * ```
 */
export function fromBase64(text: string): Bytes | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Uint8Array.fromBase64(text);
}
