import assert from "node:assert/strict";
import fc from "fast-check";
import { exhausted, utcDay } from "../../../protocol/command/budget.ts";
import { AGEING_MS, rankOf } from "../../../protocol/command/rank.ts";

Deno.test("at one moment the highest priority goes first", () => {
  const ranks = [0, 5, 9].map((priority) => rankOf({ priority, queuedAt: 1_000 }));
  assert.deepEqual(ranks, ranks.toSorted((a, b) => b - a));
});

Deno.test("within a priority the oldest goes first, and a postponed command counts from its time", () => {
  assert.ok(rankOf({ priority: 5, queuedAt: 1 }) < rankOf({ priority: 5, queuedAt: 2 }));
  assert.ok(rankOf({ priority: 5, queuedAt: 1, notBefore: 3 }) > rankOf({ priority: 5, queuedAt: 2 }));
});

Deno.test("nothing starves: with one command served in each step, even the least one is served within nine ageing steps", () => {
  const arrivals = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 30, maxLength: 60 });
  fc.assert(fc.property(arrivals, (priorities) => {
    const step = AGEING_MS / 2; // commands come as fast as they are served
    const waiting = [{ rank: rankOf({ priority: 0, queuedAt: 0 }), poor: true }];
    for (const [i, priority] of priorities.entries()) {
      waiting.push({ rank: rankOf({ priority, queuedAt: i * step }), poor: false });
      waiting.sort((a, b) => a.rank - b.rank);
      if (waiting.shift()?.poor) return i * step <= 9 * AGEING_MS;
    }
    return false;
  }));
});

Deno.test("a day's budget is used up write by write, and ends with the UTC day", () => {
  assert.equal(exhausted([8], 2, () => 1), undefined);
  assert.equal(exhausted([8], 2, () => 2), 8);
  assert.equal(exhausted([1, 1, 1], 2, () => 0), 1);
  assert.equal(exhausted([1, 2, 1], 2, () => 0), undefined);
  assert.equal(utcDay(Date.UTC(2026, 5, 22)) - utcDay(Date.UTC(2026, 5, 22) - 1), 1);
});
