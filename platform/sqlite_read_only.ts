import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { cannotOpen } from "./sqlite.ts";

/** Most bytes of a database that is copied into memory to be read: the service's own memory is bounded, and this counts. */
const MOST_COPIED_BYTES = 128 << 20;

/** Folders in memory, in the order in which they are tried. */
const MEMORY = ["/dev/shm", "/run"];

/** How a database on a read-only disk is opened. */
interface ReadOnlyOptions {
  /** The schema version of this program: another cannot be read, as it cannot be migrated. */
  readonly version: number;
  /** Folders in memory for a copy. */
  readonly memory?: readonly string[];
}

/**
 * Opens a database on a disk that takes no writes: everything can be read, and every write fails as one of a read-only
 * database. In WAL mode SQLite needs a log and its index for that, which only a process that shares the database and was
 * killed leaves behind: otherwise a copy in memory is read.
 */
export function openSqliteReadOnly(path: string, { version, memory = MEMORY }: ReadOnlyOptions): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    const isWhole = size(`${path}-wal`) > 0 && size(`${path}-shm`) > 0;
    db = isWhole ? new DatabaseSync(path, { readOnly: true }) : copied(path, memory);
    const found = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
    if (found !== version) {
      throw new Error(`the disk is read-only, and its schema is version ${found} where this program needs ${version}`);
    }
    return db;
  } catch (error) {
    db?.close();
    throw cannotOpen(path, error);
  }
}

/** The copy is gone as soon as it is open. */
function copied(path: string, memory: readonly string[]): DatabaseSync {
  const files = [path, `${path}-wal`].filter((file) => size(file) > 0);
  const bytes = files.map(size).reduce((sum, size) => sum + size, 0);
  if (bytes > MOST_COPIED_BYTES) {
    throw new Error("the disk is read-only, and the file too large to be read from memory");
  }
  const folder = folderIn(memory);
  try {
    for (const file of files) Deno.copyFileSync(file, join(folder, basename(file)));
    const db = new DatabaseSync(join(folder, basename(path)), { readOnly: true });
    db.prepare("PRAGMA user_version").get(); // opens the log
    return db;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function folderIn(memory: readonly string[]): string {
  for (const dir of memory) {
    try {
      return Deno.makeTempDirSync({ dir, prefix: "ecowatt-" }); // mode 0700
    } catch {
      // the next one
    }
  }
  throw new Error("the disk is read-only, and there is no folder in memory for a copy");
}

/** 0 where there is no file. */
function size(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
