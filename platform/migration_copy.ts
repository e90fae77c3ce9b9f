import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import { carryOver } from "./carry_over.ts";
import { exists, syncDirectory } from "./files.ts";
import { cannotOpen } from "./sqlite.ts";
import { backupConnection } from "./sqlite_backup.ts";

/** A database that the next open may migrate. */
interface Migrating {
  readonly path: string;
  /** The schema version that this program knows. */
  readonly known: number;
  /** Whether this program has to prove itself yet, so that an older one may have to go on with the database. */
  readonly onTrial: boolean;
  /** The database is opened for one process alone, and so it is looked at: that needs no shared memory on a disk that is full. */
  readonly exclusive?: boolean;
  readonly log: Logger;
}

/** Where the copy lies that was made before a migration. */
export function copyBeforeMigration(path: string): string {
  return `${path}.before`;
}

/**
 * Call it before a database is opened. A program on trial that is about to migrate it keeps a copy; a program that finds a
 * schema newer than it knows, with a copy beside it, was brought back by a rollback: it takes the copy, with all that was
 * written since (carry_over.ts). A power cut leaves the database as it was or as it has to be. Throws when the disk refuses.
 */
export async function beforeMigration(migrating: Migrating): Promise<void> {
  const { path, known, onTrial, exclusive = false, log } = migrating;
  const version = await versionOf(path, exclusive);
  if (version === undefined || version === 0 || version === known) return;
  if (version < known) {
    if (onTrial) await keepCopy(path);
  } else {
    const copied = await versionOf(copyBeforeMigration(path), exclusive);
    if (copied !== undefined && copied <= known) await restore(path, log);
  }
}

/** The program that runs proved itself: nothing goes back any more. */
export async function forgetCopies(paths: readonly string[]): Promise<void> {
  for (const copy of paths.map(copyBeforeMigration)) {
    await removeDatabase(copy);
    await removeDatabase(`${copy}.new`);
  }
}

/** `undefined` when there is no such database, or another process keeps it to itself: whoever opens it will say so. */
async function versionOf(path: string, exclusive: boolean): Promise<number | undefined> {
  if (!await exists(path)) return undefined;
  const db = new DatabaseSync(path);
  try {
    if (exclusive) db.exec("PRAGMA locking_mode = EXCLUSIVE");
    return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  } catch (error) {
    if (error instanceof Error && /locked/.test(error.message)) return undefined;
    throw cannotOpen(path, error);
  } finally {
    db.close();
  }
}

async function keepCopy(path: string): Promise<void> {
  const copy = copyBeforeMigration(path);
  const temporary = `${copy}.new`;
  await removeDatabase(temporary);
  await removeDatabase(copy); // of an earlier trial: it may have a log, which must not meet another file
  const db = new DatabaseSync(path);
  try {
    await backupConnection(db, temporary);
  } finally {
    db.close();
  }
  using file = await Deno.open(temporary, { read: true });
  await file.sync();
  await Deno.rename(temporary, copy);
  await syncDirectory(dirname(copy));
}

async function restore(path: string, log: Logger): Promise<void> {
  const copy = copyBeforeMigration(path);
  const left = carriedOver(path, copy);
  for (const one of [path, copy]) await requireNoLog(one);
  if (left.length > 0) {
    await removeDatabase(`${path}.newer`);
    await Deno.link(path, `${path}.newer`); // for whoever wants to save what is in them
  }
  await syncDirectory(dirname(path));
  await Deno.rename(copy, path);
  await syncDirectory(dirname(path));
  log.warn("went back to the schema before the update, with what was written since: {path}", { path });
  if (left.length > 0) {
    log.error("tables as they were before the update: {tables}; the others are in {newer}", {
      tables: left.join(", "),
      newer: `${path}.newer`,
    });
  }
}

/** Everything is in the two files when it returns: the logs are empty. */
function carriedOver(path: string, copy: string): readonly string[] {
  using newer = new DatabaseSync(path);
  using older = new DatabaseSync(copy);
  older.exec("PRAGMA synchronous = full");
  return carryOver(newer, older);
}

/** A log that is left would be taken for that of the file that gets the name. */
async function requireNoLog(path: string): Promise<void> {
  const log = await Deno.stat(`${path}-wal`).catch(unlessMissing);
  if (log !== undefined && log.size > 0) {
    throw new Error(`Cannot go back to an older ${path}: another process has it open`);
  }
  await removeIfThere(`${path}-wal`);
  await removeIfThere(`${path}-shm`);
}

async function removeDatabase(path: string): Promise<void> {
  for (const suffix of ["", "-journal", "-wal", "-shm"]) await removeIfThere(path + suffix);
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch(unlessMissing);
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
