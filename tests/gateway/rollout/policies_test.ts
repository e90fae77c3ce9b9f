import assert from "node:assert/strict";
import type { Outcome } from "../../../gateway/rollout/effect.ts";
import {
  dueMembers,
  mayBegin,
  mayGoOn,
  membersToTakeBack,
  next,
  type RolloutEvent,
  startRollout,
} from "../../../gateway/rollout/rollout.ts";
import type { Rollout, RolloutPolicy } from "../../../gateway/store/port/rollout.ts";

const NOW = Date.UTC(2026, 5, 21, 12);
const HOLD_MS = 60_000;
const DEVICES = ["a", "b", "c", "d", "e", "f"];
const WAVES = [{ devices: 2, successes: 2 }, { devices: 2, successes: 1 }, { devices: 2, successes: 2 }];
const BASE = { waves: WAVES, attempts: 1, backoffMs: 0, maxBackoffMs: 0, jitterMs: 0 };

/** The two ways in which successes count: firmware reports once, settings have to last. */
const POLICIES: Readonly<Record<string, RolloutPolicy>> = {
  firmware: { ...BASE, timeoutMs: 3_600_000 },
  settings: { ...BASE, holdMs: HOLD_MS },
};

const ok: Outcome = { kind: "succeeded" };
const broken: Outcome = { kind: "failed", reason: { code: "recorded", text: "did not boot" }, final: true };
const gone: Outcome = { kind: "left", reason: { code: "unregistered" } };

/** Devices that say how they are doing, to a rollout that is looked at. */
function play(policy: RolloutPolicy) {
  let rollout: Rollout = startRollout({ goal: {}, by: "test", policy, devices: DEVICES }, NOW);
  let now = NOW;
  let restored = "";
  const said = new Map<string, Outcome>();
  const happen = (event: RolloutEvent<unknown>) => {
    const after = next(rollout, event, now);
    restored = membersToTakeBack(rollout, after, event).map(({ device }) => device).join("");
    rollout = after;
  };
  const look = (afterMs: number) => {
    now += afterMs;
    happen({ kind: "tick", seen: policy.holdMs === undefined ? new Map() : said });
  };
  return {
    get rollout() {
      return rollout;
    },
    /** Whom the last event wanted back. */
    get restored() {
      return restored;
    },
    happen,
    begin: (names: string) => [...names].forEach((device) => happen({ kind: "begun", device })),
    /** As often as a device likes. */
    say(names: string, outcome: Outcome) {
      for (const device of names) {
        if (policy.holdMs === undefined) happen({ kind: "outcome", device, outcome });
        else said.set(device, outcome);
      }
    },
    look,
    /** Looks for as long as successes have to last. */
    settle() {
      look(0);
      look(HOLD_MS);
    },
    /** Who may begin now. */
    open: () => {
      const due = dueMembers(rollout, now).map(({ device }) => device).join("");
      assert.equal(DEVICES.filter((name) => mayBegin(rollout, name, now) && !mayGoOn(rollout, name)).join(""), due);
      return due;
    },
    goOn: () => DEVICES.filter((name) => mayGoOn(rollout, name)).join(""),
  };
}

for (const [kind, policy] of Object.entries(POLICIES)) {
  Deno.test(`${kind}: each wave waits for the one before, and the last one ends it`, () => {
    const p = play(policy);
    assert.equal(p.open(), "ab");
    p.begin("ab");
    p.settle();
    assert.equal(p.open(), "", "nobody has succeeded");
    p.say("aaa", ok);
    p.settle();
    p.say("a", ok);
    p.settle();
    assert.deepEqual([p.open(), p.rollout.wave], ["", 0], "one of two, however often it says so");
    p.say("b", ok);
    p.settle();
    assert.deepEqual([p.open(), p.rollout.wave], ["cd", 1]);
    p.begin("cd");
    p.say("c", ok);
    p.settle();
    assert.equal(p.open(), "ef", "one of two was enough, the other may still follow");
    p.begin("ef");
    p.say("e", ok);
    p.settle();
    assert.equal(p.rollout.phase, "running");
    p.say("df", ok);
    p.settle();
    assert.deepEqual([p.rollout.phase, p.open(), p.goOn()], ["done", "", ""]);
  });

  Deno.test(`${kind}: paused, nobody begins, goes on, opens a wave or is late; resumed, all has its time again`, () => {
    const p = play(policy);
    p.begin("a");
    p.look(0);
    p.happen({ kind: "pause", by: "op" });
    assert.deepEqual(p.rollout.reason, { code: "paused_by", by: "op" });
    assert.deepEqual([p.open(), p.goOn()], ["", ""]);
    p.look(10 * 3_600_000);
    assert.equal(p.rollout.members[0]?.stage, "begun", "time does not pass");
    p.begin("b");
    p.say("ab", ok);
    p.settle();
    assert.deepEqual([p.rollout.phase, p.rollout.wave, p.open()], ["paused", 0, ""]);
    p.happen({ kind: "resume", by: "op" });
    assert.deepEqual([p.rollout.phase, p.rollout.reason], ["running", undefined]);
    p.settle();
    assert.deepEqual([p.rollout.wave, p.open()], [1, "cd"]);
  });

  Deno.test(`${kind}: aborted, all that was begun is wanted back, once, unless it is to stay`, () => {
    for (const restore of [true, false]) {
      const p = play(policy);
      p.begin("ab");
      p.happen({ kind: "abort", by: "op", restore });
      assert.equal(p.restored, restore ? "ab" : "");
      assert.deepEqual(p.rollout.reason, { code: "aborted_by", by: "op" });
      assert.deepEqual([p.open(), p.goOn()], ["", ""]);
      const before = p.rollout;
      p.happen({ kind: "abort", by: "op", restore: true });
      p.happen({ kind: "resume", by: "op" });
      p.settle();
      assert.deepEqual([p.rollout, p.restored], [before, ""], "an end is an end");
    }
  });

  Deno.test(`${kind}: so many failures stop it, each device counted once, and are wanted back with the rest`, () => {
    const waves = [{ devices: 3, successes: 1 }, { devices: 3, successes: 1 }];
    const p = play({ ...policy, waves, abortAfter: 2 });
    p.begin("abc");
    p.say("aaa", broken);
    p.look(0);
    p.say("a", broken);
    p.look(0);
    assert.equal(p.rollout.phase, "running", "one device failed");
    p.say("c", broken);
    if (policy.holdMs !== undefined) p.look(0);
    const why = { code: "recorded", text: "did not boot" };
    assert.equal(p.rollout.phase, "aborted");
    assert.deepEqual(p.rollout.reason, { code: "devices_failed", failed: 2, device: "c", why });
    assert.equal(p.restored, "abc");
    assert.deepEqual([p.open(), p.goOn()], ["", ""]);
  });

  Deno.test(`${kind}: a device that leaves is not waited for, and one that is no member changes nothing`, () => {
    const p = play(policy);
    p.begin("ab");
    const before = p.rollout;
    p.begin("x");
    p.say("x", ok);
    p.say("x", broken);
    p.look(0);
    assert.equal(p.rollout, before);
    p.say("a", gone);
    p.say("b", ok);
    p.settle();
    assert.deepEqual([p.rollout.members[0]?.stage, p.open()], ["left", "cd"]);
  });
}

Deno.test("settings: what held before a pause proves nothing after it", () => {
  const p = play(POLICIES["settings"] ?? assert.fail());
  p.begin("ab");
  p.say("ab", ok);
  p.look(0);
  assert.equal(p.rollout.heldSince, NOW);
  p.happen({ kind: "pause", by: "op" });
  p.look(HOLD_MS);
  p.happen({ kind: "resume", by: "op" });
  p.look(HOLD_MS - 1);
  p.look(HOLD_MS - 1);
  assert.equal(p.rollout.wave, 0);
  p.look(1);
  assert.equal(p.rollout.wave, 1);
});
