import assert from "node:assert/strict";
import { Folder } from "./folder.ts";

Deno.test("a second node cannot open the same database", () => {
  using folder = new Folder();
  folder.open().db.exec("PRAGMA busy_timeout = 0");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import {DatabaseSync} from "node:sqlite";
      new DatabaseSync(${JSON.stringify(`${folder.path}/node.sqlite`)}).exec("SELECT count(*) FROM block")`,
    ],
    stderr: "piped",
  }).outputSync();
  assert.equal(child.success, false);
  assert.match(new TextDecoder().decode(child.stderr), /locked/);
});
