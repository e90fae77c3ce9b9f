import assert from "node:assert/strict";
import {
  dueForRetry,
  emptyQuarantine,
  type Finding,
  forgetOldCuts,
  nextQuarantine,
  obstaclesOf,
  type Quarantine,
  RETRY_AFTER_MS,
} from "../../../device/inverter/quarantine.ts";

function after(...findings: readonly (readonly [number, Finding])[]): Quarantine {
  return findings.reduce((state, [now, finding]) => nextQuarantine(state, finding, now), emptyQuarantine);
}

const refusedFive = { kind: "refused", register: "holding:5", code: 2 } as const;

Deno.test("a refused register is left out and asked again after a day", () => {
  const state = after([1000, refusedFive]);
  assert.deepEqual([...obstaclesOf(state).holes], ["holding:5"]);
  assert.deepEqual(dueForRetry(state, 1000 + RETRY_AFTER_MS - 1, 4), []);
  assert.deepEqual(dueForRetry(state, 1000 + RETRY_AFTER_MS, 4), ["holding:5"]);
});

Deno.test("refused again it waits another day and remembers since when", () => {
  const state = after([1000, refusedFive], [RETRY_AFTER_MS + 1000, { ...refusedFive, code: 3 }]);
  assert.deepEqual(state.refused.get("holding:5"), { code: 3, since: 1000, retryAt: 2 * RETRY_AFTER_MS + 1000 });
});

Deno.test("a register that answers is free, and answers of others change nothing", () => {
  const state = after([0, refusedFive]);
  assert.equal(nextQuarantine(state, { kind: "answered", register: "holding:6" }, 1), state);
  assert.equal(nextQuarantine(state, { kind: "answered", register: "holding:5" }, 1).refused.size, 0);
});

Deno.test("after a reconnect every refused register is due and no cut holds", () => {
  const state = after([0, refusedFive], [0, { kind: "cut", before: "holding:9" }], [50, { kind: "reconnected" }]);
  assert.deepEqual(dueForRetry(state, 50, 4), ["holding:5"]);
  assert.equal(obstaclesOf(state).cuts.size, 0);
  assert.equal(obstaclesOf(state).holes.size, 1);
});

Deno.test("the longest waiting are asked first, a few at a time", () => {
  const state = after(
    [20, { kind: "refused", register: "holding:2", code: 2 }],
    [10, { kind: "refused", register: "holding:1", code: 2 }],
    [30, { kind: "refused", register: "holding:3", code: 2 }],
  );
  assert.deepEqual(dueForRetry(state, 2 * RETRY_AFTER_MS, 2), ["holding:1", "holding:2"]);
});

Deno.test("cuts are forgotten after a day", () => {
  const state = after([0, { kind: "cut", before: "holding:9" }]);
  assert.equal(forgetOldCuts(state, RETRY_AFTER_MS - 1), state);
  assert.equal(forgetOldCuts(state, RETRY_AFTER_MS).cuts.size, 0);
});
