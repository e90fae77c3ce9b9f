import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS as GATEWAY } from "../../gateway/store/database.ts";
import { MIGRATIONS as NODE } from "../../device/store/database.ts";
import { beforeMigration, copyBeforeMigration, forgetCopies } from "../../platform/migration_copy.ts";
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
