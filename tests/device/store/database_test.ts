import assert from "node:assert/strict";
import { nodeDatabasePath, openNodeDatabase } from "../../../device/store/database.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";

Deno.test("a command that a node recorded is on the disk before it is executed: every commit is synced", async () => {
  await using folder = await temporaryDirectory();
  using db = openNodeDatabase(nodeDatabasePath(folder.path));
  assert.deepEqual({ ...db.prepare("PRAGMA synchronous").get() }, { synchronous: 2 });
});

Deno.test("a second node with the same database is refused, and told why", async () => {
  await using folder = await temporaryDirectory();
  const path = nodeDatabasePath(folder.path);
  using db = openNodeDatabase(path);
  db.exec("UPDATE state SET next_block = 7");
  assert.throws(() => openNodeDatabase(path, { patienceMs: 0 }), /another node is running with it/);
});

Deno.test("a node's database and its log are for their owner alone", async () => {
  await using folder = await temporaryDirectory();
  const path = nodeDatabasePath(folder.path);
  openNodeDatabase(path).close();
  Deno.chmodSync(path, 0o644); // as older programs left it
  using db = openNodeDatabase(path);
  db.exec("UPDATE state SET next_block = 7");
  for (const suffix of ["", "-wal"]) assert.equal((Deno.statSync(path + suffix).mode ?? 0) & 0o777, 0o600, suffix);
});
