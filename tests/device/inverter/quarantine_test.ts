import assert from "node:assert/strict";
import {
  DAILY_MS,
  dueForRetry,
  emptyQuarantine,
  type Finding,
  forgetOldCuts,
  nextQuarantine,
  obstaclesOf,
  type Quarantine,
  rememberedQuarantine,
} from "../../../device/inverter/quarantine.ts";

function after(...findings: readonly (readonly [number, Finding])[]): Quarantine {
  return findings.reduce((state, [now, finding]) => nextQuarantine(state, finding, now), emptyQuarantine);
}

const refusedFive = { kind: "refused", register: "holding:5", code: 2 } as const;

const MINUTE = 60_000;
/** How a register that is never answered is asked again; a night that hides it is not told from a lack at first. */
const pauses = [MINUTE, 10 * MINUTE, 60 * MINUTE, DAILY_MS, DAILY_MS];

Deno.test("a silent register is left out and asked again after a minute, ten, an hour, then daily", () => {
  let state = emptyQuarantine;
  let now = 1000;
  for (const pause of pauses) {
    state = nextQuarantine(state, { ...refusedFive, code: 0 }, now);
    assert.deepEqual([...obstaclesOf(state).holes], ["holding:5"]);
    assert.deepEqual(dueForRetry(state, now + pause - 1), []);
    assert.deepEqual(dueForRetry(state, now + pause), ["holding:5"]);
    now += pause;
  }
  assert.deepEqual(state.refused.get("holding:5"), { code: 0, since: 1000, times: 5, retryAt: now });
});

Deno.test("a refused register is asked every quarter of an hour for a day, which has a morning, and daily from then on", () => {
  let state = emptyQuarantine;
  const gaps: number[] = [];
  for (let now = 0; now < 4 * DAILY_MS;) {
    state = nextQuarantine(state, refusedFive, now);
    const { retryAt = Infinity } = state.refused.get("holding:5") ?? {};
    gaps.push(retryAt - now);
    now = retryAt;
  }
  assert.deepEqual(gaps.slice(0, 3), [MINUTE, 10 * MINUTE, 15 * MINUTE]);
  assert.deepEqual(gaps.filter((gap) => gap > 15 * MINUTE), [DAILY_MS, DAILY_MS, DAILY_MS]);
});

Deno.test("a register that answers is free, and answers of others change nothing", () => {
  const state = after([0, refusedFive]);
  const other = nextQuarantine(state, { kind: "answered", register: "holding:6" }, 1);
  assert.deepEqual(other.refused, state.refused);
  assert.equal(nextQuarantine(other, { kind: "answered", register: "holding:6" }, 2), other);
  assert.equal(nextQuarantine(state, { kind: "answered", register: "holding:5" }, 1).refused.size, 0);
});

Deno.test("after a reconnect every refused register is due, no cut holds, and pauses begin again", () => {
  const state = after([0, refusedFive], [0, { kind: "cut", before: "holding:9" }], [50, { kind: "reconnected" }]);
  assert.deepEqual(dueForRetry(state, 50), ["holding:5"]);
  assert.equal(obstaclesOf(state).cuts.size, 0);
  assert.equal(obstaclesOf(state).holes.size, 1);
  assert.equal(nextQuarantine(state, refusedFive, 60).refused.get("holding:5")?.retryAt, 60 + MINUTE);
});

Deno.test("the longest waiting are asked first", () => {
  const state = after(
    [20, { kind: "refused", register: "holding:2", code: 2 }],
    [10, { kind: "refused", register: "holding:1", code: 2 }],
    [30, { kind: "refused", register: "holding:3", code: 2 }],
  );
  assert.deepEqual(dueForRetry(state, 2 * DAILY_MS), ["holding:1", "holding:2", "holding:3"]);
});

Deno.test("cuts are forgotten after the same pauses, and all at once after a reconnect", () => {
  let state = emptyQuarantine;
  let now = 0;
  for (const pause of pauses) {
    state = nextQuarantine(state, { kind: "cut", before: "holding:9" }, now);
    assert.equal(forgetOldCuts(state, now + pause - 1), state);
    state = forgetOldCuts(state, now + pause);
    assert.equal(obstaclesOf(state).cuts.size, 0);
    now += pause;
  }
  const fresh = nextQuarantine(nextQuarantine(state, { kind: "reconnected" }, now), {
    kind: "cut",
    before: "holding:9",
  }, now);
  assert.equal(fresh.cuts.get("holding:9"), now + MINUTE);
});

Deno.test("a register that has answered before is asked again every quarter of an hour, also after a restart", () => {
  const refuse = (state: Quarantine, at: number) =>
    nextQuarantine(state, { kind: "refused", register: "holding:9", code: 2 }, at);
  const answered = nextQuarantine(emptyQuarantine, { kind: "answered", register: "holding:9" }, 0);
  const back = nextQuarantine(answered, { kind: "reconnected" }, 0);
  const learned = (code: number) => ({ leftOut: new Map([["holding:9", code]] as const), answered: answered.known });
  const remembered = rememberedQuarantine(learned(2), 0), silent = rememberedQuarantine(learned(0), 0);
  for (let state of [answered, back, remembered, silent]) {
    for (let i = 0, at = 0; i < 200; i++) {
      state = refuse(state, at);
      const retryAt = state.refused.get("holding:9")?.retryAt ?? Infinity;
      assert.ok(retryAt - at <= 15 * 60_000, `${retryAt - at}`);
      at = retryAt;
    }
  }
  let never = emptyQuarantine;
  for (let i = 0; i < 5; i++) never = refuse(never, i * DAILY_MS);
  assert.equal(never.refused.get("holding:9")?.retryAt, 5 * DAILY_MS);
});
