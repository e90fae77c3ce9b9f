import { getLogger } from "@logtape/logtape";
import { beforeMigration } from "../../platform/migration_copy.ts";
import { openSqlite } from "../../platform/sqlite.ts";

/** Migrates a database on trial and goes back, until it is killed. */
const path = Deno.args[0] ?? "";
const log = getLogger(["test"]);
Deno.stdout.writeSync(new TextEncoder().encode("begun\n"));
for (let turn = 0; turn < 1000; turn++) {
  await beforeMigration({ path, known: 2, onTrial: true, log });
  openSqlite(path, { synchronous: "full", migrations: ["", "ALTER TABLE sample ADD COLUMN unit TEXT"] }).close();
  await beforeMigration({ path, known: 1, onTrial: false, log });
}
