import assert from "node:assert/strict";
import { PROMTOOL, promtool } from "../../fakes/promtool.ts";
import { testWith } from "../../needs.ts";
import { page, site } from "./site.ts";

testWith([PROMTOOL], "Prometheus' own parser and linter are content with the page", async () => {
  await using f = await site();
  const { code, said } = await promtool(["check", "metrics"], await page(f));
  assert.deepEqual([code, said], [0, ""]);
});
