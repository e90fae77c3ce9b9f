import assert from "node:assert/strict";
import { formatted } from "../../docs/make/formatted.ts";
import { PAGES } from "../../docs/make/pages.ts";

for (const [path, make] of PAGES) {
  Deno.test(`${path} is what \`deno task docs\` makes of it`, async () => {
    const kept = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
    assert.equal(kept, await formatted(path, await make()), "run `deno task docs`");
  });
}
