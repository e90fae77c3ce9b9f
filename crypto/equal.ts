import { timingSafeEqual } from "node:crypto";

/** Whether two secrets are the same, in a time that depends on their length only. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
