import { databasePath, openGatewayDatabase } from "../../gateway/store/database.ts";

/** An empty gateway database, as the gateway makes it. */
let empty: Uint8Array | undefined;

/**
 * Lays an empty database into the data directory of a gateway, unless there is one. It is made once and copied: a new one runs
 * every migration, each to the disk, and hundreds of tests begin with one.
 */
export function layEmptyDatabase(dataDir: string): void {
  empty ??= made();
  Deno.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    Deno.writeFileSync(databasePath(dataDir), empty, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

function made(): Uint8Array {
  const folder = Deno.makeTempDirSync();
  openGatewayDatabase(folder).close();
  const bytes = Deno.readFileSync(databasePath(folder));
  Deno.removeSync(folder, { recursive: true });
  return bytes;
}
