import { join } from "node:path";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { masterKeyId, masterKeyPath } from "../../../keys/key_vault.ts";
import { lockDirectory } from "../../../gateway/store/directory_lock.ts";
import { prepareRestored, type RestoredGateway } from "../../../gateway/store/restore.ts";
import { databasePath } from "../../../gateway/store/database.ts";
import { type BackupManifest, unpackBackup } from "../../../platform/backup_archive.ts";
import { exchange } from "../../../platform/exchange.ts";
import { syncDirectory } from "../../../platform/files.ts";
import { requireIntegrity } from "../../../platform/sqlite_backup.ts";
import { gatewayDir, nodeDir } from "../../data_dir.ts";
import { nodeState } from "../doctor/patient.ts";
import { CliFailure, EXIT, usage } from "../../terminal/exit.ts";
import { exists } from "../../../platform/files.ts";
import { readingTrouble } from "../../terminal/reading_trouble.ts";
import { scratchIn } from "./make.ts";

/** What is to be restored, and where. */
interface RestoreOptions {
  readonly file: string;
  readonly dataDir: string;
  /** Whether what is there may be replaced; it is kept beside. */
  readonly force: boolean;
  readonly now: number;
}

/** A restore that was done. */
export interface Restored {
  readonly manifest: BackupManifest;
  readonly gateway?: RestoredGateway;
  /** Whether the device keys in the gateway's database can be opened; `no_key`: it makes a new one, `other_key`: not with this one. */
  readonly keys: "usable" | "no_key" | "other_key";
  /** Where what was there is now. */
  readonly replaced?: string;
}

/**
 * Puts a backup in the place of what is in a data directory. All of it is unpacked beside, compared with its manifest and
 * checked by SQLite first; then each role's folder changes in one step, so that a restore that is killed leaves the old or the
 * new one. Throws `CliFailure`.
 */
export async function restoreBackup({ file, dataDir, force, now }: RestoreOptions): Promise<Restored> {
  using _gateway = await requireStopped(dataDir);
  if (!force) await requireEmpty(dataDir);
  using archive = await Deno.open(file, { read: true }).catch((cause) => {
    throw new CliFailure(EXIT.failed, `Cannot read ${file}: ${readingTrouble(cause)}`, { cause });
  });
  await using scratch = await scratchIn(dataDir, "restore-");
  const manifest = await unpacked(archive, scratch.path);
  const prepared = await prepare(manifest, scratch.path, dataDir);
  const kept = join(dataDir, `replaced-${new Date(now).toISOString().replaceAll(/[:.]/g, "-")}`);
  const swapped = [
    await putInPlace("gateway", scratch.path, dataDir, kept),
    await putInPlace("node", scratch.path, dataDir, kept),
  ];
  await syncDirectory(dataDir);
  return { manifest, ...prepared, ...(swapped.includes(true) ? { replaced: kept } : {}) };
}

/** Takes the gateway's place, and makes sure that no node runs. */
async function requireStopped(dataDir: string): Promise<Disposable> {
  const stop = "stop it first: sudo systemctl stop ecowatt";
  if (await exists(join(nodeDir(dataDir), "node.sqlite")) && (await nodeState(nodeDir(dataDir))).kind !== "stopped") {
    throw new CliFailure(EXIT.failed, `Cannot restore: a node runs on ${dataDir}; ${stop}`);
  }
  if (!await exists(gatewayDir(dataDir))) return { [Symbol.dispose]() {} };
  try {
    return lockDirectory(gatewayDir(dataDir));
  } catch (error) {
    throw new CliFailure(EXIT.failed, `Cannot restore: a gateway runs on ${dataDir}; ${stop}`, { cause: error });
  }
}

async function requireEmpty(dataDir: string): Promise<void> {
  for (const path of [databasePath(gatewayDir(dataDir)), join(nodeDir(dataDir), "node.sqlite")]) {
    if (await exists(path)) {
      throw usage(`${dataDir} is not empty: --force replaces what is there, and keeps it in a folder beside`);
    }
  }
}

async function unpacked(archive: Deno.FsFile, folder: string): Promise<BackupManifest> {
  try {
    return await unpackBackup(archive.readable, folder);
  } catch (error) {
    throw new CliFailure(EXIT.failed, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function prepare(
  manifest: BackupManifest,
  scratch: string,
  dataDir: string,
): Promise<Pick<Restored, "gateway" | "keys">> {
  try {
    if (await exists(join(scratch, "node"))) checkNode(join(scratch, "node"));
    for (const role of ["gateway", "node"]) await carryOver(join(dataDir, role), join(scratch, role));
    if (!await exists(join(scratch, "gateway"))) return { keys: "usable" };
    const gateway = prepareRestored(join(scratch, "gateway"));
    return { gateway, keys: await keysOf(manifest, join(scratch, "gateway")) };
  } catch (error) {
    throw new CliFailure(EXIT.failed, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function checkNode(folder: string): void {
  const db = openNodeDatabase(join(folder, "node.sqlite"));
  try {
    requireIntegrity(db);
  } finally {
    db.close();
  }
}

async function keysOf({ master_key_id: needed }: BackupManifest, folder: string): Promise<Restored["keys"]> {
  if (!await exists(masterKeyPath(folder))) return needed === null ? "usable" : "no_key";
  return needed === null || await masterKeyId(folder) === needed ? "usable" : "other_key";
}

/** What the old folder holds and a backup does not stays: keys, firmware. Never parts of the old databases. */
const REPLACED = /^(gateway\.db|node\.sqlite|node\.tail|gateway\.lock|node\.sock|backup-|\.)/;

async function carryOver(from: string, to: string): Promise<void> {
  if (!await exists(from) || !await exists(to)) return;
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (REPLACED.test(name)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    if (isDirectory) {
      await Deno.mkdir(target, { recursive: true, mode: 0o700 });
      await carryOver(source, target);
    } else if (isFile && !await exists(target)) await Deno.link(source, target); // no second copy of large images
  }
}

/** Says whether there was something to replace. */
async function putInPlace(role: string, scratch: string, dataDir: string, kept: string): Promise<boolean> {
  const [fresh, place] = [join(scratch, role), join(dataDir, role)];
  if (!await exists(fresh)) return false;
  await syncDirectory(fresh);
  if (!await exists(place)) {
    await Deno.rename(fresh, place);
    return false;
  }
  await Deno.mkdir(kept, { recursive: true, mode: 0o700 });
  if (exchange(fresh, place)) await Deno.rename(fresh, join(kept, role));
  else { // a file system that cannot: for a moment there is neither, and a kill just then leaves the old one in `kept`
    await Deno.rename(place, join(kept, role));
    await Deno.rename(fresh, place);
  }
  return true;
}
