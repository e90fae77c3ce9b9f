import { z } from "@hono/zod-openapi";
import { Fault } from "../fault.ts";

/** The header by which a change says what it was made from (RFC 9110 §13.1.1). */
export const IfMatchHeader = z.object({
  "if-match": z.string().max(256).optional().describe("The ETag that has to be the present one; 412 when it is not"),
});

const LIST = /^\s*(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*\s*$/;

/** The ETag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** The versions an `If-Match` names; `undefined`: any will do. Weak tags never match. Throws `Fault` `malformed`. */
export function versionsOf(header: string | undefined): readonly number[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  if (!LIST.test(header)) throw new Fault("malformed", 'If-Match must be an ETag such as "3", a list of them, or *');
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)]
    .filter(([, weak, tag]) => weak === undefined && /^\d{1,15}$/.test(tag ?? ""))
    .map(([, , tag]) => Number(tag));
}
