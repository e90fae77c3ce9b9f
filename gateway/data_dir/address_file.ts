import { join } from "node:path";

/** Where a running gateway tells the machine's own commands at which address it listens. */
function addressPath(dataDir: string): string {
  return join(dataDir, "gateway.url");
}

/** Writes the address into the data directory, until disposed. */
export function publishAddress(dataDir: string, url: string): Disposable {
  const path = addressPath(dataDir);
  Deno.writeTextFileSync(path, `${url}\n`, { mode: 0o600 });
  return { [Symbol.dispose]: () => removeFile(path) };
}

/** The address of the gateway that uses the data directory; `undefined` when none does. One that was killed leaves its own. */
export function publishedAddress(dataDir: string): string | undefined {
  try {
    return URL.parse(Deno.readTextFileSync(addressPath(dataDir)).trim())?.origin;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
