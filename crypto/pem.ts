import { type Bytes, fromBase64, toBase64 } from "./bytes.ts";

/** What the PEM files of this product hold: a public key (SPKI) or a private one (PKCS#8). */
type PemLabel = "PUBLIC KEY" | "PRIVATE KEY";

/** Characters of a PEM text that are read at all: an RSA-4096 private key has 3,300. */
const MAX_LENGTH = 16_384;

/**
 * The DER bytes of a text with exactly one PEM block of that label (RFC 7468); `undefined` for anything else.
 *
 * @example
 * ```ts
 * const text = "-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PUBLIC KEY-----\n";
 * parsePem(text, "PUBLIC KEY"); // => new Uint8Array([0, 1, 2])
 * parsePem(text, "PRIVATE KEY"); // => undefined
 * ```
 */
export function parsePem(text: string, label: PemLabel): Bytes | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const start = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const trimmed = text.trim();
  if (!trimmed.startsWith(start) || !trimmed.endsWith(end)) return undefined;
  return fromBase64(trimmed.slice(start.length, -end.length).replace(/[ \t\r\n]+/g, ""));
}

/**
 * A PEM text with lines of 64 characters (RFC 7468).
 *
 * @example
 * ```ts
 * formatPem(new Uint8Array([0, 1, 2]), "PUBLIC KEY").split("\n")[1]; // => "AAEC"
 * ```
 */
export function formatPem(der: Uint8Array, label: PemLabel): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
