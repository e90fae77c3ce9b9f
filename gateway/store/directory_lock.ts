import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Takes a data directory for one gateway, until disposed or the process ends. Throws when another gateway has it: two
 * would know each other's samples only in part. The lock is SQLite's on an empty file, because that one is portable.
 */
export function lockDirectory(dataDir: string): Disposable {
  Deno.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(dataDir, "gateway.lock"));
  try {
    lock.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
    return { [Symbol.dispose]: () => lock.close() };
  } catch (error) {
    lock.close();
    if (!(error instanceof Error && error.message.includes("locked"))) throw error;
    throw new Error(`Cannot start the gateway: another one uses ${dataDir}`, { cause: error });
  }
}
