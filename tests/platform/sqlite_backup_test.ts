import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { backupConnection, backupDatabase, requireIntegrity } from "../../platform/sqlite_backup.ts";
import { openSqlite } from "../../platform/sqlite.ts";

const MIGRATIONS = ["CREATE TABLE value (n INTEGER PRIMARY KEY, text BLOB) STRICT"];

function filled(path: string, options: { exclusive?: boolean } = {}): DatabaseSync {
  const db = openSqlite(path, { synchronous: "normal", migrations: MIGRATIONS, ...options });
  db.exec(
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 2000) " +
      "INSERT INTO value SELECT n, randomblob(1000) FROM t",
  );
  return db;
}

function contentOf(db: DatabaseSync): string {
  return JSON.stringify(db.prepare("SELECT n, hex(text) AS text FROM value ORDER BY n").all());
}

async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

function check(copy: string, content: string): void {
  using db = new DatabaseSync(copy);
  assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
  assert.equal(contentOf(db), content);
  assert.equal((Deno.statSync(copy).mode ?? 0) & 0o777, 0o600);
}

Deno.test("a database in use is copied as it is, what is only in its log included", async () => {
  await using dir = await folder();
  const path = join(dir.path, "a.db");
  using db = filled(path);
  await backupDatabase(path, join(dir.path, "copy.db"));
  check(join(dir.path, "copy.db"), contentOf(db));
});

Deno.test("a write that is not committed is in no copy", async () => {
  await using dir = await folder();
  const path = join(dir.path, "a.db");
  using db = filled(path);
  const before = contentOf(db);
  db.exec("BEGIN IMMEDIATE; DELETE FROM value");
  await backupDatabase(path, join(dir.path, "copy.db"));
  db.exec("ROLLBACK");
  check(join(dir.path, "copy.db"), before);
});

Deno.test("a database that is kept for one process is copied over its own connection", async () => {
  await using dir = await folder();
  const path = join(dir.path, "a.db");
  using db = filled(path, { exclusive: true });
  const copied = backupDatabase(path, join(dir.path, "other.db"), { patienceMs: 0 });
  await assert.rejects(copied, /Cannot copy .*locked/);
  await backupConnection(db, join(dir.path, "copy.db"));
  check(join(dir.path, "copy.db"), contentOf(db));
  assert.deepEqual([...Deno.readDirSync(dir.path)].filter(({ name }) => name.startsWith("other")), []);
});

Deno.test("no file is overwritten by a copy, and no missing database is made", async () => {
  await using dir = await folder();
  const path = join(dir.path, "a.db");
  using _db = filled(path);
  await Deno.writeTextFile(join(dir.path, "precious"), "mine");
  await assert.rejects(backupDatabase(path, join(dir.path, "precious")), Deno.errors.AlreadyExists);
  assert.equal(await Deno.readTextFile(join(dir.path, "precious")), "mine");
  await assert.rejects(backupDatabase(join(dir.path, "none.db"), join(dir.path, "copy.db")), Deno.errors.NotFound);
});

Deno.test("a copy that failed leaves nothing", async () => {
  await using dir = await folder();
  const path = join(dir.path, "a.db");
  await Deno.writeTextFile(path, "no database at all, and longer than a header of one ".repeat(20));
  await assert.rejects(backupDatabase(path, join(dir.path, "copy.db")), /Cannot copy/);
  assert.deepEqual([...Deno.readDirSync(dir.path)].map(({ name }) => name), ["a.db"]);
});

Deno.test("a database is whole, or is told to be damaged: its pages, and its references", async () => {
  await using dir = await folder();
  const path = join(dir.path, "a.db");
  {
    using db = filled(path);
    requireIntegrity(db);
    db.exec(
      "PRAGMA foreign_keys = OFF; CREATE TABLE part (n INTEGER REFERENCES value(n)) STRICT; INSERT INTO part VALUES (-1)",
    );
    assert.throws(() => requireIntegrity(db), /it is damaged: a reference leads nowhere/);
    db.exec("DROP TABLE part; CREATE INDEX by_text ON value (text)");
    requireIntegrity(db);
  }
  const bytes = await Deno.readFile(path);
  bytes.fill(0, 4096 * 40, 4096 * 41);
  await Deno.writeFile(path, bytes);
  using db = new DatabaseSync(path);
  assert.throws(() => requireIntegrity(db), /damaged|malformed/);
});
