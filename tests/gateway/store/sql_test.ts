import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const gateway = fileURLToPath(new URL("../../../gateway", import.meta.url));
const SQL =
  /"node:sqlite"|\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|PRAGMA|BEGIN (IMMEDIATE|EXCLUSIVE|DEFERRED))\b/;

function* files(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory && name !== "dist") yield* files(join(folder, name));
    else if (/\.tsx?$/.test(name)) yield join(folder, name);
  }
}

Deno.test("all SQL of the gateway stands in its store", () => {
  const withSql = [...files(gateway)].filter((path) => SQL.test(Deno.readTextFileSync(path)))
    .map((path) => relative(gateway, path));
  assert.ok(withSql.length > 20);
  assert.deepEqual(withSql.filter((path) => !path.startsWith("store/")), []);
});
