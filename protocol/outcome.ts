/** What a pure decoder returns: a value, or a named refusal with a text for people. Never an exception. */
export type Outcome<T, Fault extends string = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Fault; readonly detail: string };

export function success<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refusal<Fault extends string>(
  fault: Fault,
  detail: string,
): { readonly ok: false; readonly fault: Fault; readonly detail: string } {
  return { ok: false, fault, detail };
}
