import { z } from "@hono/zod-openapi";
import { Fault } from "../fault.ts";

/** The header by which a change says what it was made from (RFC 9110 §13.1.1). */
export const IfMatchHeader = z.object({
  "if-match": z.string().max(256).optional().describe("The ETag that has to be the present one; 412 when it is not"),
});

/** `entity-tag` (RFC 9110 §8.8.3). */
const TAG = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
/** Elements of a list may be empty (RFC 9110 §5.6.1.2). */
const LIST = new RegExp(String.raw`^[\s,]*${TAG}(?:\s*,\s*(?:${TAG})?)*\s*$`);

/** The ETag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The versions an `If-Match` names; `undefined`: any will do. A weak tag counts as well: whatever compresses on the way makes
 * ours weak, and a version is the same settings in any encoding. Throws `Fault` `malformed`.
 */
export function versionsOf(header: string | undefined): readonly number[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  if (!LIST.test(header)) throw new Fault("malformed", 'If-Match must be an ETag such as "3", a list of them, or *');
  return [...header.matchAll(/"([^"]*)"/g)].map(([, tag]) => tag ?? "").filter(isVersion).map(Number);
}

function isVersion(tag: string): boolean {
  return /^\d{1,15}$/.test(tag);
}
