import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../e2e/process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

Deno.test("where nobody can answer, the flags are named and nothing is written", async () => {
  await using dir = await temporaryDirectory();
  const config = join(dir.path, "ecowatt.yaml");
  const { code, err } = await run(["init", "--config", config]);
  assert.equal(code, 2);
  assert.match(err, /Nobody is here to answer\. Give --yes with --role both\|node\|gateway, --inverter/);
  await assert.rejects(Deno.stat(config), Deno.errors.NotFound);
});
