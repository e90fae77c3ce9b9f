import assert from "node:assert/strict";
import fc from "fast-check";
import { type Health, next, type RolloutEvent } from "../../../gateway/settings/rollout.ts";
import { isOver, type Member, type Rollout, type RolloutPhase } from "../../../gateway/store/port/settings_rollout.ts";

const member = (device: string, stage: Member["stage"]): Member => ({ device, stage, version: 1, setAt: 0 });
const canary: Rollout = {
  phase: "canary",
  template: "slow",
  settings: { poll_interval_s: 5 },
  by: "test",
  createdAt: 0,
  canaries: 2,
  healthyForMs: 100,
  members: [member("a", "set"), member("b", "set"), member("c", "waiting"), member("d", "waiting")],
};
const rest: Rollout = { ...canary, phase: "rest", members: ["a", "b", "c", "d"].map((name) => member(name, "set")) };
const healthy: Health = { kind: "healthy" };
const waiting: Health = { kind: "waiting" };
const sick: Health = { kind: "sick", reason: "uploads no more" };
const overdue: Health = { kind: "overdue", reason: "did not apply the settings in time" };
const left: Health = { kind: "left", reason: "was set by somebody else since" };
const observed = (now: number, health: Readonly<Record<string, Health>>): RolloutEvent => {
  return { kind: "observed", now, health: new Map(Object.entries(health)) };
};
const names = (members: readonly Member[]) => members.map(({ device }) => device).join("");

/** What is seen, in which state, and the phase, who is set and who is put back. */
const TABLE: readonly (readonly [string, Rollout, RolloutEvent, string, string, string])[] = [
  ["all are healthy, but not for long enough", canary, observed(5, { a: healthy, b: healthy }), "canary", "", ""],
  ["long enough", { ...canary, healthySince: 5 }, observed(105, { a: healthy, b: healthy }), "rest", "cd", ""],
  ["one moment too early", { ...canary, healthySince: 5 }, observed(104, { a: healthy, b: healthy }), "canary", "", ""],
  ["one waits", { ...canary, healthySince: 5 }, observed(500, { a: healthy, b: waiting }), "canary", "", ""],
  ["one is not seen at all", { ...canary, healthySince: 5 }, observed(500, { a: healthy }), "canary", "", ""],
  ["one is sick", { ...canary, healthySince: 5 }, observed(500, { a: healthy, b: sick }), "failed", "", "ab"],
  ["one is late", canary, observed(5, { a: healthy, b: overdue }), "failed", "", "ab"],
  ["one left", { ...canary, healthySince: 5 }, observed(500, { a: healthy, b: left }), "rest", "cd", ""],
  ["all left", canary, observed(5, { a: left, b: left }), "failed", "", ""],
  [
    "the clock was set back",
    { ...canary, healthySince: 500 },
    observed(105, { a: healthy, b: healthy }),
    "canary",
    "",
    "",
  ],
  [
    "all went first",
    { ...canary, canaries: 4, members: rest.members, healthySince: 0 },
    observed(100, allOf(healthy)),
    "done",
    "",
    "",
  ],
  ["the rest are watched as long", { ...rest, healthySince: 5 }, observed(105, allOf(healthy)), "done", "", ""],
  [
    "one of the rest is away",
    { ...rest, healthySince: 5 },
    observed(105, { ...allOf(healthy), d: overdue }),
    "done",
    "",
    "",
  ],
  [
    "one of the rest is sick",
    { ...rest, healthySince: 5 },
    observed(6, { ...allOf(healthy), d: sick }),
    "failed",
    "",
    "abcd",
  ],
  ["somebody stops it", rest, { kind: "abort", by: "test", restore: true }, "aborted", "", "abcd"],
  ["somebody stops it where it is", rest, { kind: "abort", by: "test", restore: false }, "aborted", "", ""],
];

function allOf(health: Health): Readonly<Record<string, Health>> {
  return { a: health, b: health, c: health, d: health };
}

for (const [what, rollout, event, phase, set, back] of TABLE) {
  Deno.test(`a rollout in the phase ${rollout.phase}: ${what}`, () => {
    const step = next(rollout, event);
    assert.deepEqual([step.rollout.phase, names(step.set), names(step.back)], [phase, set, back]);
  });
}

Deno.test("no news is the same value, and what is over stays over", () => {
  assert.equal(next(canary, observed(5, { a: waiting, b: healthy })).rollout, canary);
  for (const phase of ["done", "failed", "aborted"] as const) {
    const over = { ...rest, phase };
    for (const event of [observed(5, allOf(sick)), { kind: "abort", by: "test", restore: true } as const]) {
      const step = next(over, event);
      assert.deepEqual([step.rollout, step.set, step.back], [over, [], []]);
    }
  }
});

interface Look {
  /** How far the clock went since the look before, milliseconds: it may have been set back. */
  readonly after: number;
  readonly health: Readonly<Record<string, Health>>;
}

/** A step back proves no time and takes none away: in 19 ms, 1 ms back and 82 ms, 101 ms passed, by the clock 100 ms. */
const STEP_BACK = [0, 19, -1, 82].map((after): Look => ({ after, health: allOf(healthy) }));

/** Looks as a gateway does, and checks that the first were healthy for long enough whenever the rest follow. */
function lookAt(looks: readonly Look[]): RolloutPhase {
  let rollout = canary;
  let now = 0;
  /** For how long all that are set have been seen healthy, if they were at the look before. */
  let goodMs: number | undefined;
  for (const { after, health } of looks) {
    now += after;
    const set = rollout.members.filter(({ stage }) => stage === "set").map(({ device }) => device);
    const seen = Object.fromEntries(Object.entries(health).filter(([name]) => set.includes(name)));
    const step = next(rollout, observed(now, seen));
    const fine = Object.values(seen).every(({ kind }) => kind === "healthy" || kind === "left");
    goodMs = fine ? (goodMs === undefined ? 0 : goodMs + Math.max(0, after)) : undefined;
    if (rollout.phase === "canary" && ["rest", "done"].includes(step.rollout.phase)) {
      assert.ok((goodMs ?? 0) >= rollout.healthyForMs, "too early");
    }
    if (step.rollout.phase === "failed") assert.equal(names(step.set), "");
    const members = step.rollout.members.map((one): Member => step.set.includes(one) ? { ...one, stage: "set" } : one);
    rollout = { ...step.rollout, members };
    if (isOver(rollout)) break;
  }
  return rollout.phase;
}

Deno.test("whatever is seen in whatever order, no more than the first are exposed before these were healthy long enough", () => {
  const health = fc.constantFrom<Health>(healthy, healthy, healthy, waiting, sick, overdue, left);
  const look = fc.record({
    after: fc.integer({ min: -50, max: 120 }),
    health: fc.record({ a: health, b: health, c: health, d: health }),
  });
  const examples: [Look[]][] = [[STEP_BACK]];
  fc.assert(fc.property(fc.array<Look>(look, { maxLength: 30 }), (looks) => void lookAt(looks)), { examples });
});

Deno.test("a clock that was set back a little makes the first wait a little longer, not for ever", () => {
  const more = (after: number): Look => ({ after, health: allOf(healthy) });
  assert.equal(lookAt([...STEP_BACK.slice(0, 3), more(81)]), "canary");
  assert.equal(lookAt(STEP_BACK), "rest");
  assert.equal(lookAt([more(1_000), more(-900), more(99)]), "canary");
  assert.equal(lookAt([more(1_000), more(-900), more(100)]), "rest");
});
