import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { answers, published } from "../../../ota/updater/status_files.ts";
import { PowerFiles } from "../../fakes/power.ts";

Deno.test("a status that a power cut left empty or torn was never said", async () => {
  for (const left of ["", '{"phase":{"ki', '{"phase":1}']) {
    const files = new PowerFiles();
    files.seed("status.json", utf8(left));
    assert.equal(await published(files), undefined, left);
  }
});

Deno.test("only a check that began after the request answers it; of a node that does not say when, the next that ends", () => {
  const before = { phase: { kind: "checking" }, version: "1.0.0", floor: 7, at: 900, lastCheckAt: 800 } as const;
  const table = [
    [{ lastCheckBegunAt: 700, lastCheckAt: 800 }, false],
    [{ lastCheckBegunAt: 999, lastCheckAt: 1_001 }, false],
    [{ lastCheckBegunAt: 1_000, lastCheckAt: 1_002 }, true],
    [{ lastCheckAt: 800 }, false],
    [{ lastCheckAt: 1_001 }, true],
  ] as const;
  for (const [said, expected] of table) {
    assert.equal(answers({ ...before, ...said }, { at: 1_000, before }), expected, JSON.stringify(said));
  }
});
