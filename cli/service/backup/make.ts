import { join } from "node:path";
import { askNode } from "../../../device/local_service/ask.ts";
import { DatabaseCopy } from "../../../device/local_service/wire.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { backupGateway } from "../../../gateway/data_dir/backup.ts";
import { deviceKeyPath } from "../../../keys/device_key.ts";
import { masterKeyId } from "../../../keys/key_vault.ts";
import { databasePath } from "../../../gateway/store/database.ts";
import { type BackupFile, packBackup } from "../../../platform/backup_archive.ts";
import { syncDirectory } from "../../../platform/files.ts";
import { backupConnection } from "../../../platform/sqlite_backup.ts";
import { VERSION } from "../../version.ts";
import { gatewayDir, nodeDir } from "../../data_dir.ts";
import { CliFailure, EXIT, usage } from "../../terminal/exit.ts";
import { exists } from "../../../platform/files.ts";

/** What a backup is made of. */
interface BackupOptions {
  readonly dataDir: string;
  readonly file: string;
  readonly withKeys: boolean;
  readonly now: number;
}

/** A backup that was made. */
interface BackupMade {
  readonly names: readonly string[];
  readonly bytes: number;
}

/** Makes a backup of what is in a data directory, running or not: whole, in one file of mode 0600, or not at all. */
export async function makeBackup({ dataDir, file, withKeys, now }: BackupOptions): Promise<BackupMade> {
  if (await exists(file)) throw usage(`${file} is there already and is not overwritten`);
  const [gateway, node] = [gatewayDir(dataDir), nodeDir(dataDir)];
  const roles = { gateway: await exists(databasePath(gateway)), node: await exists(join(node, "node.sqlite")) };
  if (!roles.gateway && !roles.node) {
    throw new CliFailure(
      EXIT.failed,
      `There is nothing to back up in ${dataDir}: no gateway and no node has run there`,
    );
  }
  await using scratch = await scratchIn(dataDir, "backup-");
  const files = [
    ...roles.gateway ? await backupGateway(gateway, scratch.path, { withKeys }) : [],
    ...roles.node ? await backupNode(node, scratch.path, withKeys) : [],
  ];
  const archive = await packBackup(files, {
    program: VERSION,
    created_at: new Date(now).toISOString(),
    with_keys: withKeys,
    master_key_id: await masterKeyId(gateway) ?? null,
  });
  return { names: files.map(({ name }) => name), bytes: await writeWhole(file, archive) };
}

/** A running node copies its database itself; a stopped one leaves it, and the samples of its last seconds, to us. */
async function backupNode(dataDir: string, scratch: string, withKeys: boolean): Promise<readonly BackupFile[]> {
  const copy = join(scratch, "node.sqlite");
  const made = await askNode(dataDir, { ask: "backup" }, DatabaseCopy);
  const tail: BackupFile[] = [];
  if (made) await Deno.rename(join(dataDir, made.file), copy);
  else {
    const db = openNodeDatabase(join(dataDir, "node.sqlite"));
    try {
      await backupConnection(db, copy);
      const path = join(dataDir, "node.tail");
      if (await exists(path)) {
        await Deno.copyFile(path, join(scratch, "node.tail"));
        tail.push({ name: "node/node.tail", path: join(scratch, "node.tail") });
      }
    } finally {
      db.close();
    }
  }
  const key = deviceKeyPath(dataDir);
  const keys = withKeys && await exists(key) ? [{ name: "node/device.key", path: key }] : [];
  return [{ name: "node/node.sqlite", path: copy }, ...tail, ...keys];
}

/** Milliseconds after which a folder belongs to a command that was killed: none takes so long. */
const FORGOTTEN_MS = 86_400_000;

/** A folder for a short time, on the file system of the data; its owner's alone. Clears away what killed commands left. */
export async function scratchIn(dataDir: string, prefix: string): Promise<{ readonly path: string } & AsyncDisposable> {
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  for await (const { name } of Deno.readDir(dataDir)) {
    if (name.startsWith(`.${prefix}`)) await clearIfForgotten(join(dataDir, name));
  }
  const path = await Deno.makeTempDir({ dir: dataDir, prefix: `.${prefix}` });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function clearIfForgotten(path: string): Promise<void> {
  const { mtime } = await Deno.stat(path);
  if (mtime !== null && Date.now() - mtime.getTime() > FORGOTTEN_MS) await Deno.remove(path, { recursive: true });
}

async function writeWhole(path: string, content: ReadableStream<Uint8Array>): Promise<number> {
  const part = `${path}.part`;
  try {
    let bytes = 0;
    {
      using file = await Deno.open(part, { write: true, create: true, truncate: true, mode: 0o600 });
      for await (const piece of content) {
        bytes += piece.length;
        for (let done = 0; done < piece.length;) done += await file.write(piece.subarray(done));
      }
      await file.sync();
    }
    await Deno.rename(part, path);
    await syncDirectory(join(path, ".."));
    return bytes;
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}
