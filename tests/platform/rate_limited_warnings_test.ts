import assert from "node:assert/strict";
import { createRateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";

Deno.test("a kind is told once a minute, and each of its causes too, but never more than twenty", () => {
  const lines: string[] = [];
  const log = { warn: (...told: unknown[]) => void lines.push(JSON.stringify(told)) };
  let now = 0;
  const warn = createRateLimitedWarnings(log, { monotonic: () => now });
  warn("a", { n: 1 });
  warn("a", { n: 2 });
  warn("b", { n: 3 }, { cause: "x" });
  warn("b", { n: 4 }, { cause: "y" });
  warn("b", { n: 5 }, { cause: "x" });
  assert.deepEqual(lines, ['["a",{"n":1}]', '["b",{"n":3}]', '["b",{"n":4}]']);
  for (let n = 0; n < 100; n++) warn("b", { n }, { cause: `${n}` });
  assert.equal(lines.length, 3 + 18);
  now = 60_000;
  warn("a", { n: 6 });
  warn("b", { n: 7 }, { cause: "x" });
  assert.deepEqual(lines.slice(21), [
    '["a ({untold} more untold)",{"n":6,"untold":1}]',
    '["b ({untold} more untold)",{"n":7,"untold":83}]',
  ]);
});
