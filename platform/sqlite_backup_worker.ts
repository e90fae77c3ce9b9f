import { backup, DatabaseSync } from "node:sqlite";
import type { BackupOrder, BackupReport } from "./sqlite_backup.ts";

// SQLite copies in one go and holds its thread meanwhile: this one has nothing else to do.
globalThis.addEventListener("message", async (event) => {
  if (!(event instanceof MessageEvent)) return;
  const port = event.ports[0];
  port?.postMessage(await report(event.data));
});

async function report({ source, destination, patienceMs }: BackupOrder): Promise<BackupReport> {
  try {
    using db = new DatabaseSync(source, { readOnly: true });
    db.exec(`PRAGMA busy_timeout = ${patienceMs}`);
    db.prepare("SELECT count(*) FROM sqlite_schema").get(); // of a locked database backup() would wait for ever
    await backup(db, destination);
    return { ok: true };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
