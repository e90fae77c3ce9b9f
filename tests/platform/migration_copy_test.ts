import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS as GATEWAY } from "../../gateway/store/database.ts";
import { MIGRATIONS as NODE } from "../../device/store/database.ts";
import { beforeMigration, copyBeforeMigration, forgetCopies } from "../../platform/migration_copy.ts";
import { noteDiskCalls } from "../fakes/disk_calls.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { add, filesIn, FIRST, log, NEW, OLD, run, samplesOf } from "./migration_bench.ts";

Deno.test("a database that a program on trial migrated goes back with everything that was written meanwhile", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "db");
  await run(path, OLD, false, add(1, 2, 3));
  await run(path, NEW, true, (db) => {
    db.exec("DELETE FROM sample WHERE at = 1"); // acknowledged
    db.exec("UPDATE state SET reserved = 9007199254740993"); // beyond what a double holds
    add(4, 5)(db);
  });
  await run(path, OLD, false, (db) => {
    const state = db.prepare("SELECT * FROM state");
    state.setReadBigInts(true);
    assert.deepEqual({ ...state.get() }, { id: 1n, reserved: 9007199254740993n });
    db.exec("DELETE FROM sample WHERE at = 5");
    add(6)(db);
    assert.deepEqual(
      db.prepare("SELECT id FROM sample ORDER BY id").all().map(({ id }) => id),
      [2, 3, 4, 6],
      "no id twice",
    );
  });
  assert.deepEqual(samplesOf(path), [2, 3, 4, 6]);
  assert.deepEqual(await filesIn(folder.path), ["db"]);
});

Deno.test("a copy is on the disk before it has its name, and its name before the migration", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "db");
  await run(path, OLD, false, add(1));
  using disk = noteDiskCalls();
  await beforeMigration({ path, known: 2, onTrial: true, log });
  assert.deepEqual(disk.calls.filter(({ kind }) => kind !== "remove"), [
    { kind: "sync", path: `${path}.before.new` },
    { kind: "name", from: `${path}.before.new`, path: `${path}.before` },
    { kind: "sync", path: folder.path },
  ]);
});

Deno.test("a copy that is newer than the program is not taken: the program refuses the database, which stays", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "db");
  const newest = [...NEW, "CREATE TABLE third (id INTEGER PRIMARY KEY) STRICT"];
  await run(path, NEW, false, add(1));
  await run(path, newest, true, add(2));
  await assert.rejects(run(path, OLD, false), /its schema is version 3, this program knows 1/);
  await run(path, newest, false, add(3));
  assert.deepEqual(samplesOf(path), [1, 2, 3]);
});

Deno.test("nothing goes back while another process has the database open: its log would meet another file", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "db");
  await run(path, OLD, false, add(1));
  await run(path, NEW, true, add(2));
  {
    using other = new DatabaseSync(path);
    other.exec("INSERT INTO sample (at) VALUES (3)");
    await assert.rejects(run(path, OLD, false), /Cannot go back to an older .*another process has it open/);
  }
  await run(path, OLD, false, add(4));
  assert.deepEqual(samplesOf(path), [1, 2, 3, 4]);
});

Deno.test("a trial that begins again keeps the first copy, and what came between two trials is in the second", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "db");
  await run(path, OLD, false, add(1));
  await run(path, NEW, true, add(2));
  await run(path, NEW, true, add(3));
  await run(path, OLD, false, add(4));
  await run(path, NEW, true, add(5));
  await run(path, OLD, false);
  assert.deepEqual(samplesOf(path), [1, 2, 3, 4, 5]);
});

Deno.test("a confirmed program lets the copy go; an older one then refuses the database", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "db");
  await run(path, OLD, false, add(1));
  await run(path, NEW, true, add(2));
  await forgetCopies([path]);
  assert.deepEqual(await filesIn(folder.path), ["db"]);
  await assert.rejects(run(path, OLD, false), /schema is version 2/);
  await run(path, NEW, false, add(3));
  assert.deepEqual(samplesOf(path), [1, 2, 3]);
});

Deno.test("without a trial nothing is copied, nor for a new database", async () => {
  await using folder = await temporaryDirectory();
  await run(join(folder.path, "one"), OLD, false, add(1));
  await run(join(folder.path, "one"), NEW, false, add(1));
  await run(join(folder.path, "two"), NEW, true, add(1));
  assert.deepEqual(await filesIn(folder.path), ["one", "two"]);
});

Deno.test("a migration that took a column away: that table goes back as it was, the newer file stays beside it", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "db");
  const taking = [FIRST, "ALTER TABLE state DROP COLUMN reserved; CREATE INDEX by_at ON sample (at)"];
  await run(path, OLD, false, add(1));
  await run(path, taking, true, add(2));
  await run(path, OLD, false);
  assert.deepEqual(samplesOf(path), [1, 2]);
  assert.deepEqual(await filesIn(folder.path), ["db", "db.newer"]);
});

for (const [name, migrations] of [["node", NODE], ["gateway", GATEWAY]] as const) {
  Deno.test(`migrations of the ${name} only add: what a version has, the next one has as well`, () => {
    using db = new DatabaseSync(":memory:");
    let before: readonly string[] = [];
    for (const statements of migrations) {
      db.exec(statements);
      const now = db.prepare(
        "SELECT t.name || '.' || c.name AS name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
      ).all().map(({ name }) => String(name));
      assert.deepEqual(before.filter((column) => !now.includes(column)), []);
      before = now;
    }
    assert.ok(before.length > 10);
  });
}

Deno.test("a copy is made only once the database itself can be read", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "db");
  await Deno.writeTextFile(path, "no database at all");
  await assert.rejects(beforeMigration({ path, known: 2, onTrial: true, log }), /not a database/);
  assert.deepEqual(await filesIn(folder.path), ["db"]);
  assert.equal(copyBeforeMigration(path), `${path}.before`);
});
