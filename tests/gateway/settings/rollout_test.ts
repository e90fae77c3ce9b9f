import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outcome } from "../../../gateway/rollout/effect.ts";
import { dueMembers, membersToTakeBack, next, type RolloutEvent } from "../../../gateway/rollout/rollout.ts";
import { isOver } from "../../../gateway/store/port/rollout.ts";
import {
  type SettingsMark,
  type SettingsMember,
  type SettingsPhase,
  settingsPhaseOf,
  settingsPolicy,
  type SettingsRollout,
} from "../../../gateway/store/port/settings_rollout.ts";

const member = (device: string, stage: SettingsMember["stage"]): SettingsMember => ({
  device,
  stage,
  attempts: Number(stage !== "waiting"),
  notBefore: 0,
  begunAt: 0,
  mark: { previous: {}, version: 1 },
});
const canary: SettingsRollout = {
  phase: "running",
  goal: { template: "slow", settings: { poll_interval_s: 5 } },
  by: "test",
  createdAt: 0,
  policy: settingsPolicy(2, 4, 100),
  wave: 0,
  members: [member("a", "begun"), member("b", "begun"), member("c", "waiting"), member("d", "waiting")],
};
const rest: SettingsRollout = {
  ...canary,
  wave: 1,
  members: ["a", "b", "c", "d"].map((name) => member(name, "begun")),
};
const healthy: Outcome = { kind: "succeeded" };
const waiting: Outcome = { kind: "pending" };
const sick: Outcome = { kind: "failed", reason: { code: "silent" }, final: true };
const left: Outcome = { kind: "left", reason: { code: "set_by_others" } };

interface Look {
  readonly now: number;
  readonly event: RolloutEvent<SettingsMark>;
}
const observed = (now: number, seen: Readonly<Record<string, Outcome>>): Look => {
  return { now, event: { kind: "tick", seen: new Map(Object.entries(seen)) } };
};
const abort = (restore: boolean): Look => ({ now: 5, event: { kind: "abort", by: "test", restore } });
const names = (members: readonly SettingsMember[]) => members.map(({ device }) => device).join("");

/** What is seen, in which state, and the phase, who is to be set and who is to be put back. */
const TABLE: readonly (readonly [string, SettingsRollout, Look, SettingsPhase, string, string])[] = [
  ["all are healthy, but not for long enough", canary, observed(5, { a: healthy, b: healthy }), "canary", "", ""],
  ["long enough", { ...canary, heldSince: 5 }, observed(105, { a: healthy, b: healthy }), "rest", "cd", ""],
  ["one moment too early", { ...canary, heldSince: 5 }, observed(104, { a: healthy, b: healthy }), "canary", "", ""],
  ["one waits", { ...canary, heldSince: 5 }, observed(500, { a: healthy, b: waiting }), "canary", "", ""],
  ["one is not seen at all", { ...canary, heldSince: 5 }, observed(500, { a: healthy }), "canary", "", ""],
  ["one is sick", { ...canary, heldSince: 5 }, observed(500, { a: healthy, b: sick }), "failed", "", "ab"],
  ["one left", { ...canary, heldSince: 5 }, observed(500, { a: healthy, b: left }), "rest", "cd", ""],
  ["all left", canary, observed(5, { a: left, b: left }), "failed", "", ""],
  [
    "the clock was set back",
    { ...canary, heldSince: 500 },
    observed(105, { a: healthy, b: healthy }),
    "canary",
    "",
    "",
  ],
  [
    "all went first",
    { ...canary, policy: settingsPolicy(4, 4, 100), members: rest.members, heldSince: 0 },
    observed(100, allOf(healthy)),
    "done",
    "",
    "",
  ],
  ["the rest are watched as long", { ...rest, heldSince: 5 }, observed(105, allOf(healthy)), "done", "", ""],
  [
    "one of the rest is away",
    { ...rest, heldSince: 5 },
    observed(105, { ...allOf(healthy), d: waiting }),
    "done",
    "",
    "",
  ],
  [
    "one of the rest is sick",
    { ...rest, heldSince: 5 },
    observed(6, { ...allOf(healthy), d: sick }),
    "failed",
    "",
    "abcd",
  ],
  ["somebody stops it", rest, abort(true), "aborted", "", "abcd"],
  ["somebody stops it where it is", rest, abort(false), "aborted", "", ""],
];

function allOf(outcome: Outcome): Readonly<Record<string, Outcome>> {
  return { a: outcome, b: outcome, c: outcome, d: outcome };
}

for (const [what, rollout, { event, now }, phase, set, back] of TABLE) {
  Deno.test(`a rollout in the phase ${settingsPhaseOf(rollout)}: ${what}`, () => {
    const after = next(rollout, event, now);
    const restored = membersToTakeBack(rollout, after, event);
    assert.deepEqual([settingsPhaseOf(after), names(dueMembers(after, now)), names(restored)], [phase, set, back]);
  });
}

Deno.test("the first that is sick is told, whoever is so as well", () => {
  const { reason } = next(rest, observed(6, { ...allOf(sick), a: healthy }).event, 6);
  assert.deepEqual(reason, { code: "devices_failed", failed: 1, device: "b", why: { code: "silent" } });
});

Deno.test("no news is the same value, and what is over stays over", () => {
  assert.equal(next(canary, observed(5, { a: waiting, b: healthy }).event, 5), canary);
  for (const phase of ["done", "aborted"] as const) {
    const over: SettingsRollout = { ...rest, phase };
    for (const { event, now } of [observed(5, allOf(sick)), abort(true)]) {
      const after: SettingsRollout = next(over, event, now);
      assert.equal(after, over);
      assert.deepEqual([...dueMembers(after, now), ...membersToTakeBack(over, after, event)], []);
    }
  }
});

interface Moment {
  /** How far the clock went since the look before, milliseconds: it may have been set back. */
  readonly after: number;
  readonly seen: Readonly<Record<string, Outcome>>;
}

/** A step back proves no time and takes none away: in 19 ms, 1 ms back and 82 ms, 101 ms passed, by the clock 100 ms. */
const STEP_BACK = [0, 19, -1, 82].map((after): Moment => ({ after, seen: allOf(healthy) }));

/** Looks as a gateway does, and checks that the first were healthy for long enough whenever the rest follow. */
function lookAt(moments: readonly Moment[]): SettingsPhase {
  let rollout = canary;
  let now = 0;
  /** For how long all that are set have been seen healthy, if they were at the look before. */
  let goodMs: number | undefined;
  for (const { after, seen } of moments) {
    now += after;
    const set = rollout.members.filter(({ stage }) => stage === "begun").map(({ device }) => device);
    const looked = Object.fromEntries(Object.entries(seen).filter(([name]) => set.includes(name)));
    const before = settingsPhaseOf(rollout);
    rollout = next(rollout, observed(now, looked).event, now);
    const phase = settingsPhaseOf(rollout);
    const fine = Object.values(looked).every(({ kind }) => kind === "succeeded" || kind === "left");
    goodMs = fine ? (goodMs === undefined ? 0 : goodMs + Math.max(0, after)) : undefined;
    if (before === "canary" && ["rest", "done"].includes(phase)) assert.ok((goodMs ?? 0) >= 100, "too early");
    if (phase === "failed") assert.equal(names(dueMembers(rollout, now)), "");
    for (const { device } of dueMembers(rollout, now)) rollout = next(rollout, { kind: "begun", device }, now);
    if (isOver(rollout)) break;
  }
  return settingsPhaseOf(rollout);
}

Deno.test("whatever is seen in whatever order, no more than the first are exposed before these were healthy long enough", () => {
  const outcome = fc.constantFrom<Outcome>(healthy, healthy, healthy, waiting, sick, left);
  const moment = fc.record({
    after: fc.integer({ min: -50, max: 120 }),
    seen: fc.record({ a: outcome, b: outcome, c: outcome, d: outcome }),
  });
  const examples: [Moment[]][] = [[STEP_BACK]];
  fc.assert(fc.property(fc.array<Moment>(moment, { maxLength: 30 }), (moments) => void lookAt(moments)), { examples });
});

Deno.test("a clock that was set back a little makes the first wait a little longer, not for ever", () => {
  const more = (after: number): Moment => ({ after, seen: allOf(healthy) });
  assert.equal(lookAt([...STEP_BACK.slice(0, 3), more(81)]), "canary");
  assert.equal(lookAt(STEP_BACK), "rest");
  assert.equal(lookAt([more(1_000), more(-900), more(99)]), "canary");
  assert.equal(lookAt([more(1_000), more(-900), more(100)]), "rest");
});
