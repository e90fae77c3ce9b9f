import { join } from "node:path";

/**
 * Takes a data directory for one gateway, until disposed or the process ends. Throws when another gateway has it: two
 * would know each other's samples only in part.
 */
export function lockDirectory(dataDir: string): Disposable {
  Deno.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = Deno.openSync(join(dataDir, "gateway.lock"), { write: true, create: true, mode: 0o600 });
  if (!file.tryLockSync(true)) {
    file.close();
    throw new Error(`Cannot start the gateway: another one uses ${dataDir}`);
  }
  return file;
}
