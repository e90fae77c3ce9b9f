import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { EDITS } from "./edits.ts";
import { mutantsOf, mutated } from "./mutant.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const all = Object.values(EDITS).flat();

/** What is wrong with it, in the checkout as it is. */
function staleness(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

Deno.test("every edit of `deno task mutants` still finds its text exactly once", () => {
  const stale = all.flatMap((one) => staleness(() => mutated(Deno.readTextFileSync(root + one.file), one)) ?? []);
  assert.deepEqual(stale, []);
});

Deno.test("every edit names tests that there are, and says something of its own", () => {
  const tests = new Set(all.flatMap((one) => one.tests));
  assert.deepEqual([...tests].flatMap((path) => staleness(() => Deno.statSync(root + path)) ?? []), []);
  const words = all.map(({ file, breaks }) => `${file}: ${breaks}`);
  assert.deepEqual(words.filter((word, index) => words.indexOf(word) !== index), []);
});

Deno.test("an edit whose text is gone, or stands there twice, is named", () => {
  const [edit] = mutantsOf("a.ts", ["tests/a_test.ts"], [{ from: "x > 1", to: "x >= 1", breaks: "the bound" }]);
  assert.ok(edit);
  assert.equal(mutated("if (x > 1) y();", edit), "if (x >= 1) y();");
  assert.throws(() => mutated("if (x > 2) y();", edit), /a\.ts: "the bound" is stale, its old text is found 0 times/);
  assert.throws(() => mutated("x > 1 || x > 1", edit), /found 2 times/);
  assert.throws(() => mutated("x > 1", { ...edit, to: edit.from }), /changes nothing/);
});
