import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { published } from "../../../ota/updater/status_files.ts";
import { PowerFiles } from "../../fakes/power.ts";

Deno.test("a status that a power cut left empty or torn was never said", async () => {
  for (const left of ["", '{"phase":{"ki', '{"phase":1}']) {
    const files = new PowerFiles();
    files.seed("status.json", utf8(left));
    assert.equal(await published(files), undefined, left);
  }
});
