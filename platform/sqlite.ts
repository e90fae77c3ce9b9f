import { DatabaseSync } from "node:sqlite";

/** How a database file is opened. */
interface SqliteOptions {
  /** `full`: a commit is on disk when it returns. `normal`: a power cut may undo the last commits, never corrupt. */
  readonly synchronous: "full" | "normal";
  /** Statements that bring the schema from version n to n + 1, oldest first. Never edit one that was released. */
  readonly migrations: readonly string[];
  /** Bytes a page, for a new file only. */
  readonly pageSize?: number;
  /** Kept for this process alone: no shared-memory file (and no writes to it), and another process finds it locked. */
  readonly exclusive?: boolean;
  /** How long another process may keep it locked, in milliseconds: it is waited for in this thread. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 5_000;

/**
 * Opens (or creates) a database in WAL mode and brings its schema up to date, one transaction a step.
 * Throws when the file belongs to a newer program: going back would misread it.
 */
export function openSqlite(path: string, options: SqliteOptions): DatabaseSync {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path);
  } catch (error) {
    throw cannotOpen(path, error);
  }
  try {
    db.exec(`PRAGMA busy_timeout = ${options.patienceMs ?? PATIENCE_MS}`);
    db.exec(`PRAGMA page_size = ${options.pageSize ?? 4096}`);
    if (options.exclusive) db.exec("PRAGMA locking_mode = EXCLUSIVE"); // before WAL, or the shared memory is set up
    db.exec("PRAGMA journal_mode = WAL");
    db.exec(`PRAGMA synchronous = ${options.synchronous}`);
    db.exec("PRAGMA foreign_keys = ON");
    migrate(db, path, options.migrations);
    return db;
  } catch (error) {
    db.close();
    throw cannotOpen(path, error);
  }
}

/** SQLite names no file, and what it says of one that is damaged says nothing of the way out. */
export function cannotOpen(path: string, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  if (why.includes(path)) return error instanceof Error ? error : new Error(why);
  const damaged = /not a database|malformed|disk image/.test(why);
  const wayOut = damaged ? "; restore a backup (ecowatt restore), or move the file away to begin anew" : "";
  return new Error(`Cannot open ${path}: ${why}${wayOut}`, { cause: error });
}

function migrate(db: DatabaseSync, path: string, migrations: readonly string[]): void {
  const version = userVersion(db);
  if (version > migrations.length) {
    throw new Error(`Cannot open ${path}: its schema is version ${version}, this program knows ${migrations.length}`);
  }
  for (const [index, statements] of migrations.entries()) {
    if (index < version) continue;
    transaction(db, () => {
      if (userVersion(db) !== index) return; // another process was faster
      db.exec(statements);
      db.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

function userVersion(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}

/** Runs `body` in one transaction: all of it is kept, or, when it throws, none. */
export function transaction<T>(db: DatabaseSync, body: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = body();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
