import { backup, type DatabaseSync } from "node:sqlite";
import { programFile } from "./program_files.ts";

/** What the worker is asked for. */
export interface BackupOrder {
  readonly source: string;
  readonly destination: string;
  /** Milliseconds to wait for a database that is locked. */
  readonly patienceMs: number;
}

const PATIENCE_MS = 2_000;

/** What came of it. */
export type BackupReport = { readonly ok: true } | { readonly ok: false; readonly message: string };

/**
 * Copies a database as it is at one moment, by SQLite's own backup, to a new file of mode 0600; others may read and write it
 * meanwhile. A thread of its own does it, because SQLite holds the thread until it is done: 2.5 s a GB on a fast disk.
 * Throws when the source cannot be read or the disk is full; what there is of the copy is removed then.
 */
export async function backupDatabase(
  source: string,
  destination: string,
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
): Promise<void> {
  await Deno.stat(source); // or SQLite would say no more than "unable to open"
  await intoNewFile(destination, async () => {
    const report = await ordered({ source, destination, patienceMs });
    if (!report.ok) throw new Error(`Cannot copy ${source}: ${report.message}`);
  });
}

/**
 * The same over an open connection, for a database that this process keeps to itself. It holds this thread meanwhile:
 * for small databases, such as a node's.
 */
export async function backupConnection(db: DatabaseSync, destination: string): Promise<void> {
  await intoNewFile(destination, async () => void await backup(db, destination));
}

/** SQLite would make the file readable by others. */
async function intoNewFile(path: string, fill: () => Promise<void>): Promise<void> {
  (await Deno.open(path, { write: true, createNew: true, mode: 0o600 })).close();
  try {
    await fill();
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
}

function ordered(order: BackupOrder): Promise<BackupReport> {
  const worker = new Worker(programFile("platform/sqlite_backup_worker.ts"), { type: "module" });
  const { port1, port2 } = new MessageChannel();
  return new Promise<BackupReport>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<BackupReport>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve({ ok: false, message: event.message });
    };
    worker.postMessage(order, [port2]);
  }).finally(() => {
    port1.close();
    worker.terminate();
  });
}

/** Throws unless SQLite finds a database whole, its references included. */
export function requireIntegrity(db: DatabaseSync): void {
  const found = db.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
  if (found !== "ok") throw new Error(`Cannot use this database, it is damaged: ${String(found)}`);
  if (db.prepare("PRAGMA foreign_key_check").get() !== undefined) {
    throw new Error("Cannot use this database, it is damaged: a reference leads nowhere");
  }
}
