import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getLogger } from "@logtape/logtape";
import { MIGRATIONS as GATEWAY } from "../../gateway/store/database.ts";
import { MIGRATIONS as NODE } from "../../device/store/database.ts";
import { beforeMigration, copyBeforeMigration, forgetCopies } from "../../platform/migration_copy.ts";
import { openSqlite } from "../../platform/sqlite.ts";
import { temporaryDirectory } from "../e2e/process.ts";

const log = getLogger(["test"]);
const FIRST = `
  CREATE TABLE state (id INTEGER PRIMARY KEY, reserved INTEGER NOT NULL) STRICT;
  INSERT INTO state VALUES (1, 100);
  CREATE TABLE sample (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, value REAL, raw BLOB) STRICT;`;
const SECOND = `
  ALTER TABLE sample ADD COLUMN unit TEXT NOT NULL DEFAULT 'W';
  ALTER TABLE state ADD COLUMN later INTEGER NOT NULL DEFAULT 7;
  CREATE TABLE tariff (id INTEGER PRIMARY KEY) STRICT;`;

type Program = readonly string[];
const OLD: Program = [FIRST];
const NEW: Program = [FIRST, SECOND];

/** Starts a program on the database, lets it work, and ends it. */
async function run(path: string, migrations: Program, onTrial: boolean, work: (db: DatabaseSync) => void = () => {}) {
  await beforeMigration({ path, known: migrations.length, onTrial, log });
  using db = openSqlite(path, { synchronous: "full", migrations });
  work(db);
}

const add = (...at: number[]) => (db: DatabaseSync) => {
  for (const one of at) {
    db.prepare("INSERT INTO sample (at, value, raw) VALUES (?, ?, ?)").run(one, one / 2, new Uint8Array([one]));
  }
};

function samplesOf(path: string): readonly number[] {
  using db = new DatabaseSync(path);
  return db.prepare("SELECT at FROM sample ORDER BY id").all().map(({ at }) => Number(at));
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

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

Deno.test("killed at any moment of a copy, a migration or a way back, no sample is lost and none is there twice", async () => {
  const script = new URL("./migrating.ts", import.meta.url).pathname;
  for (let kill = 0; kill < 10; kill++) {
    await using folder = await temporaryDirectory();
    const path = join(folder.path, "db");
    await run(path, OLD, false, (db) => add(...Array.from({ length: 200 }, (_, i) => i % 250))(db));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", script, path],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = child.stdout.getReader();
    await lines.read(); // it has begun
    await new Promise((resolve) => setTimeout(resolve, kill * 6)); // any moment
    child.kill("SIGKILL");
    await child.status;
    await lines.cancel();
    await run(path, kill % 2 ? NEW : OLD, true);
    await run(path, OLD, false);
    assert.equal(samplesOf(path).length, 200);
    await forgetCopies([path]);
    assert.deepEqual(await filesIn(folder.path), ["db"]);
  }
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
