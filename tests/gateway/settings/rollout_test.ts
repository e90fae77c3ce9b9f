import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Health,
  isOver,
  type Member,
  next,
  type Rollout,
  type RolloutEvent,
} from "../../../gateway/settings/rollout.ts";

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

Deno.test("whatever is seen in whatever order, no more than the first are exposed before these were healthy long enough", () => {
  const health = fc.constantFrom<Health>(healthy, healthy, healthy, waiting, sick, overdue, left);
  const look = fc.record({ after: fc.integer({ min: -50, max: 120 }), a: health, b: health, c: health, d: health });
  fc.assert(fc.property(fc.array(look, { maxLength: 30 }), (looks) => {
    let rollout = canary;
    let now = 0;
    let good = 0;
    for (const { after, ...seen } of looks) {
      const before = now;
      now += after;
      const set = new Map(rollout.members.filter(({ stage }) => stage === "set").map(({ device }) => [device, true]));
      const step = next(
        rollout,
        observed(now, Object.fromEntries(Object.entries(seen).filter(([name]) => set.has(name)))),
      );
      const fine = rollout.members.every(({ device, stage }) => {
        const kind = Object.entries(seen).find(([name]) => name === device)?.[1].kind;
        return stage !== "set" || kind === "healthy" || kind === "left";
      });
      if (rollout.phase === "canary" && step.rollout.phase === "rest") {
        assert.ok(fine && good + after >= 100, "too early");
      }
      good = fine && now >= before ? good + after : 0;
      if (!fine) good = 0;
      if (step.rollout.phase === "failed") assert.equal(names(step.set), "");
      rollout = {
        ...step.rollout,
        members: step.rollout.members.map((one) => step.set.includes(one) ? { ...one, stage: "set" } : one),
      };
      if (isOver(rollout)) break;
    }
  }));
});
