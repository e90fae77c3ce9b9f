import { z } from "zod";
import { scrub } from "../../platform/scrub.ts";

/** What JSON can carry. */
export const Json = z.json();
export type Json = z.infer<typeof Json>;

/** Names of values that are nobody's business. */
const SECRET_NAME = /(^|[_-])(key|psk|secret|token|password|credential|authorization|cookie)s?$/i;
/** A copy of a JSON value without secrets: what is named like one, and what has the form of one. */
export function withoutSecrets(value: Json): Json {
  if (typeof value === "string") return scrub(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecret(name, inner) ? "[removed]" : withoutSecrets(inner)]),
  );
}

function isSecret(name: string, value: Json): boolean {
  return SECRET_NAME.test(name) && value !== null && value !== "";
}
