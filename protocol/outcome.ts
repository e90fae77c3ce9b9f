/** What a pure decoder returns: a value, or a named refusal with a text for people. Never an exception. */
export type Outcome<T, Fault extends string = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Fault; readonly detail: string };

/**
 * @example
 * ```ts
 * success(5); // => { ok: true, value: 5 }
 * ```
 */
export function success<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/**
 * @example
 * ```ts
 * refusal("too_large", "over 1 MiB"); // => { ok: false, fault: "too_large", detail: "over 1 MiB" }
 * ```
 */
export function refusal<Fault extends string>(
  fault: Fault,
  detail: string,
): { readonly ok: false; readonly fault: Fault; readonly detail: string } {
  return { ok: false, fault, detail };
}
