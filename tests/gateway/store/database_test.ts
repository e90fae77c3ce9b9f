import assert from "node:assert/strict";
import { databasePath, openGatewayDatabase } from "../../../gateway/store/database.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("what the gateway acknowledged is on the disk: its database syncs every commit", async () => {
  await using folder = await temporaryDirectory();
  using db = openGatewayDatabase(`${folder.path}/data`);
  assert.deepEqual({ ...db.prepare("PRAGMA synchronous").get() }, { synchronous: 2 });
});

Deno.test("the gateway's database, its log and their folder are for their owner alone", async () => {
  await using folder = await temporaryDirectory();
  const dataDir = `${folder.path}/data`;
  using db = openGatewayDatabase(dataDir);
  db.exec("CREATE TABLE test_of_the_log (id INTEGER) STRICT");
  assert.equal(modeOf(dataDir), 0o700);
  for (const suffix of ["", "-wal", "-shm"]) assert.equal(modeOf(databasePath(dataDir) + suffix), 0o600, suffix);
});
