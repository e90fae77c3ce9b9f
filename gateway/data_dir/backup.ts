import { join } from "node:path";
import { masterKeyPath } from "../../keys/key_vault.ts";
import type { BackupFile } from "../../platform/backup_archive.ts";
import { backupDatabase } from "../../platform/sqlite_backup.ts";
import { databasePath } from "../store/database.ts";

/** What a backup of a gateway takes in besides its database. */
interface BackupChoice {
  /** The master key and the firmware keys: without them the backup gives no secret away. */
  readonly withKeys: boolean;
}

/**
 * Copies the database of a gateway, running or not, into `scratch`, and names all files for `packBackup`. Firmware images
 * are not among them: they are signed files that are added again. Throws when there is no gateway in `dataDir`.
 */
export async function backupGateway(
  dataDir: string,
  scratch: string,
  { withKeys }: BackupChoice,
): Promise<readonly BackupFile[]> {
  const copy = join(scratch, "gateway.db");
  await backupDatabase(databasePath(dataDir), copy);
  const keys = withKeys ? [masterKeyPath(dataDir), ...await filesUnder(join(dataDir, "firmware-keys"))] : [];
  return [
    { name: "gateway/gateway.db", path: copy },
    ...keys.map((path) => ({ name: `gateway${path.slice(dataDir.length)}`, path })),
  ];
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      found.push(...isDirectory ? await filesUnder(path) : [path]);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}
