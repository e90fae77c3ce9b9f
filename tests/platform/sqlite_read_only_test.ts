import assert from "node:assert/strict";
import { isReadOnly, isReadOnlyError } from "../../platform/read_only.ts";
import { openSqlite } from "../../platform/sqlite.ts";
import { openSqliteReadOnly } from "../../platform/sqlite_read_only.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

const MIGRATIONS = ["CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT"];

/** Copies what lies beside a database at this moment, as a kill would leave it. */
function leave(path: string, to: string, suffixes: readonly string[]): void {
  for (const suffix of suffixes) Deno.copyFileSync(path + suffix, to + suffix);
}

Deno.test("a database is read whatever the last process left beside it, takes no writes, and leaves nothing in memory", async (t) => {
  await using folder = await temporaryDirectory();
  await using memory = await temporaryDirectory();
  const path = `${folder.path}/db`;
  {
    using db = openSqlite(path, { synchronous: "full", migrations: MIGRATIONS });
    db.exec("INSERT INTO one VALUES (1), (2)");
    leave(path, `${folder.path}/killed`, ["", "-wal", "-shm"]);
    leave(path, `${folder.path}/alone`, ["", "-wal"]);
  }
  for (const name of ["db", "killed", "alone"]) {
    await t.step(name, () => {
      const before = Deno.readFileSync(`${folder.path}/${name}`);
      using db = openSqliteReadOnly(`${folder.path}/${name}`, { version: 1, memory: ["/nowhere", memory.path] });
      assert.equal(db.prepare("SELECT count(*) AS n FROM one").get()?.["n"], 2);
      assert.throws(() => db.exec("INSERT INTO one VALUES (3)"), /readonly/);
      assert.deepEqual(Deno.readFileSync(`${folder.path}/${name}`), before);
      assert.deepEqual([...Deno.readDirSync(memory.path)], []);
    });
  }
});

Deno.test("what cannot be read on a read-only disk says why: another schema, no memory, no database", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/db`;
  openSqlite(path, { synchronous: "full", migrations: MIGRATIONS }).close();
  const memory = [folder.path];
  assert.throws(() => openSqliteReadOnly(path, { version: 2, memory }), /read-only, and its schema is version 1/);
  assert.throws(() => openSqliteReadOnly(path, { version: 1, memory: ["/nowhere"] }), /no folder in memory/);
  assert.throws(() => openSqliteReadOnly(`${folder.path}/none`, { version: 1, memory }), /none/);
  Deno.truncateSync(path, (128 << 20) + 1);
  assert.throws(() => openSqliteReadOnly(path, { version: 1, memory }), /too large/);
  Deno.writeTextFileSync(path, "no database".repeat(100));
  assert.throws(() => openSqliteReadOnly(path, { version: 1, memory }), /not a database; restore a backup/);
});

Deno.test("a folder that takes writes, or is not there, is not read-only, and is left as it was", async () => {
  await using folder = await temporaryDirectory();
  assert.equal(await isReadOnly(folder.path), false);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  assert.equal(await isReadOnly(`${folder.path}/none`), false);
  assert.equal(isReadOnlyError(Object.assign(new Error("x"), { code: "EROFS" })), true);
  assert.equal(isReadOnlyError(Object.assign(new Error("x"), { code: "ENOSPC" })), false);
});
