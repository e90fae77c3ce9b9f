import assert from "node:assert/strict";
import { backoffMs, jittered, spread } from "../../platform/backoff.ts";

Deno.test("a pause doubles from its first to its longest, and holds for any number of failures", () => {
  const bounds = { firstMs: 500, longestMs: 30_000 };
  const pauses = [0, 1, 2, 3, 6, 7, 8, 5_000, 1e300].map((failures) => backoffMs(bounds, failures));
  assert.deepEqual(pauses, [500, 500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
});

Deno.test("a pause that begins beyond its longest is the longest; one of nothing stays nothing", () => {
  assert.equal(backoffMs({ firstMs: 60_000, longestMs: 10_000 }, 3), 10_000);
  assert.equal(backoffMs({ firstMs: 0, longestMs: 10_000 }, 5_000), 0);
});

Deno.test("chance takes the upper half of a pause, or a share of an interval to either side", () => {
  assert.deepEqual([0, 0.5, 1].map((random) => jittered(4_000, random)), [2_000, 3_000, 4_000]);
  assert.deepEqual([0, 0.5, 1].map((random) => spread(5_000, 0.2, random)), [4_000, 5_000, 6_000]);
});
