import assert from "node:assert/strict";
import { join } from "node:path";
import { openSqlite } from "../../platform/sqlite.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
Deno.test("a file that is no database is named, with a way out", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "node.sqlite");
  await Deno.writeFile(path, new Uint8Array(8192).fill(7));
  const options = { synchronous: "full", migrations: [] } as const;
  assert.throws(() => openSqlite(path, options), (error) => {
    assert.ok(error instanceof Error);
    assert.ok(error.message.startsWith(`Cannot open ${path}: file is not a database; restore a backup`), error.message);
    return true;
  });
  const missing = join(folder.path, "none", "db");
  assert.throws(() => openSqlite(missing, options), new RegExp(`unable to open database file: ${missing}`));
});
