import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { answers, hasRestarted, published } from "../../../ota/updater/status_files.ts";
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

Deno.test("a restart is told by the process, also into the same version, and of version 0.1 by the version", () => {
  const older = { phase: { kind: "checking" }, version: "0.1.0", floor: 7, at: 900 } as const;
  const newer = { ...older, startedAt: 500 };
  const table = [
    [older, older, false],
    [{ ...older, version: "0.1.1" }, older, true],
    [newer, older, true],
    [{ ...newer, at: 2_000 }, newer, false],
    [{ ...newer, startedAt: 1_500 }, newer, true],
    [{ ...newer, version: "0.2.0" }, newer, true],
  ] as const;
  for (const [now, before, expected] of table) {
    assert.equal(hasRestarted(now, before), expected, JSON.stringify([now, before]));
  }
});
