/** What the system refused, for people: whose files they are decides, so the way out is another user. */
export function osTrouble(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Deno.errors.PermissionDenied)) return text;
  const path = text.match(/'([^']+)'/)?.[1];
  return path === undefined ? text : `this user may not use ${path}; sudo may`;
}
