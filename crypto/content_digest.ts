import { createHash } from "node:crypto";
import { parseDictionary } from "./structured_field.ts";

/** Characters of `sha-256=:<44>:`. Longer fields are refused unread. */
const MAX_LENGTH = 128;

/** The `Content-Digest` field of a body (RFC 9530 section 2): `sha-256=:<Base64>:`. */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
}

/**
 * Whether a field is one SHA-256 digest and nothing else. RFC 9530 allows several algorithms, and the weak or unknown one
 * beside ours would be covered by the signature without anyone having checked it.
 */
export function isContentDigest(field: string): boolean {
  const digests = parseDictionary(field, MAX_LENGTH);
  const digest = digests?.get("sha-256");
  if (digests?.size !== 1 || digest?.kind !== "item" || digest.parameters.size > 0) return false;
  return digest.item.kind === "bytes" && digest.item.value.length === 32;
}

/** Whether `field` is the SHA-256 digest of the body as it was received. False for every other or malformed field. */
export function verifyContentDigest(field: string, body: Uint8Array): boolean {
  return field === contentDigest(body);
}
