const TAKEN = "another program uses that port";
const DENIED = "this user may not use that port";
const NO_ADDRESS = "this machine has no such address";

/**
 * What cannot be done at an address, and why, in one line for people: `Cannot listen on 127.0.0.1:80: …`. `setting`: where
 * another port can be chosen.
 */
export function listenError(error: unknown, what: string, setting?: string): Error {
  const why = whyNot(error);
  if (why === undefined) {
    return new Error(`${what}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  return new Error(`${what}: ${why}${setting === undefined ? "" : ` (${setting})`}`, { cause: error });
}

/** By the class of what Deno's listeners throw, or the code of what Node's do. */
function whyNot(error: unknown): string | undefined {
  if (error instanceof Deno.errors.AddrInUse) return TAKEN;
  if (error instanceof Deno.errors.PermissionDenied) return DENIED;
  if (error instanceof Deno.errors.AddrNotAvailable) return NO_ADDRESS;
  switch (error instanceof Error && "code" in error ? error.code : undefined) {
    case "EADDRINUSE":
      return TAKEN;
    case "EACCES":
      return DENIED;
    case "EADDRNOTAVAIL":
      return NO_ADDRESS;
    default:
      return undefined;
  }
}
