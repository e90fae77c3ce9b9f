import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openSqlite, transaction } from "../../platform/sqlite.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

const FIRST = "CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT";
const SECOND = "CREATE TABLE two (id INTEGER PRIMARY KEY, one INTEGER REFERENCES one(id)) STRICT";

/** What an open database says of itself. */
function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

for (const [synchronous, number] of [["full", 2], ["normal", 1]] as const) {
  Deno.test(`a database is open as it was asked for: synchronous ${synchronous}, a log, references, patience`, async () => {
    await using folder = await temporaryDirectory();
    using db = openSqlite(`${folder.path}/db`, { synchronous, migrations: [FIRST], pageSize: 1024 });
    assert.equal(pragma(db, "synchronous"), number);
    assert.equal(pragma(db, "journal_mode"), "wal");
    assert.equal(pragma(db, "foreign_keys"), 1);
    assert.equal(pragma(db, "busy_timeout"), 5000);
    assert.equal(pragma(db, "page_size"), 1024);
    assert.equal(pragma(db, "user_version"), 1);
  });
}

Deno.test("a database that is kept for one process is locked for every other", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/db`;
  using _db = openSqlite(path, { synchronous: "full", migrations: [FIRST], exclusive: true });
  using other = new DatabaseSync(path);
  assert.throws(() => other.prepare("SELECT * FROM one").get(), /locked/);
});

Deno.test("a database of a newer program is refused, and left as it is", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/db`;
  openSqlite(path, { synchronous: "full", migrations: [FIRST, SECOND] }).close();
  assert.throws(
    () => openSqlite(path, { synchronous: "full", migrations: [FIRST] }),
    /its schema is version 2, this program knows 1/,
  );
  using again = openSqlite(path, { synchronous: "full", migrations: [FIRST, SECOND] });
  assert.equal(pragma(again, "user_version"), 2);
});

Deno.test("of two processes that open an older database at once, one brings it up to date", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/db`;
  openSqlite(path, { synchronous: "full", migrations: [FIRST] }).close();
  const migrations = [FIRST, SECOND];
  const other = () => openSqlite(path, { synchronous: "full", migrations }).close();
  const meanwhile = Object.assign([...migrations], {
    entries() {
      other(); // after the version was read, before the first step
      return migrations.entries();
    },
  });
  using db = openSqlite(path, { synchronous: "full", migrations: meanwhile });
  assert.equal(pragma(db, "user_version"), 2);
});

Deno.test("a migration that fails leaves the version before it", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/db`;
  const broken = `${SECOND}; CREATE TABLE one (id INTEGER)`;
  assert.throws(() => openSqlite(path, { synchronous: "full", migrations: [FIRST, broken] }), /already exists/);
  using db = openSqlite(path, { synchronous: "full", migrations: [FIRST] });
  assert.equal(pragma(db, "user_version"), 1);
  assert.deepEqual(db.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) => name), ["one"]);
});

Deno.test("a transaction is kept whole or not at all, and the next one begins afresh", async () => {
  await using folder = await temporaryDirectory();
  using db = openSqlite(`${folder.path}/db`, { synchronous: "full", migrations: [FIRST] });
  const count = () => Number(db.prepare("SELECT count(*) AS n FROM one").get()?.["n"]);
  assert.throws(() =>
    transaction(db, () => {
      db.exec("INSERT INTO one VALUES (1)");
      throw new Error("half-way");
    }), /half-way/);
  assert.equal(db.isTransaction, false);
  assert.equal(count(), 0);
  assert.equal(transaction(db, () => db.prepare("INSERT INTO one VALUES (2)").run().changes), 1);
  assert.equal(count(), 1);
});

Deno.test("a transaction that ended by itself tells its own error", async () => {
  await using folder = await temporaryDirectory();
  using db = openSqlite(`${folder.path}/db`, { synchronous: "full", migrations: [FIRST] });
  assert.throws(() =>
    transaction(db, () => {
      db.exec("ROLLBACK");
      throw new Error("the disk is full");
    }), /the disk is full/);
});

Deno.test("a transaction has the lock before its first look, so that what it read is what it changes", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/db`;
  using db = openSqlite(path, { synchronous: "full", migrations: [FIRST] });
  using other = new DatabaseSync(path, { timeout: 0 });
  transaction(db, () => assert.throws(() => other.exec("BEGIN IMMEDIATE"), /locked/));
  other.exec("BEGIN IMMEDIATE; ROLLBACK");
});
