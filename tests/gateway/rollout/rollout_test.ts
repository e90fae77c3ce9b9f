import assert from "node:assert/strict";
import { isOpen, WindowText } from "../../../gateway/rollout/maintenance_window.ts";
import { memberOf } from "../../../gateway/rollout/member.ts";
import { deviceReasonText, rolloutReasonText } from "../../../gateway/rollout/reason_text.ts";
import { mayBegin, mayGoOn, next, type RolloutEvent, startRollout } from "../../../gateway/rollout/rollout.ts";
import type { FirmwareRollout } from "../../../gateway/store/port/firmware_rollout.ts";
import type { RolloutPolicy } from "../../../gateway/store/port/rollout.ts";

const NOW = Date.UTC(2026, 5, 21, 12);
const POLICY = {
  waves: [{ devices: 2, successes: 2 }, { devices: 2, successes: 1 }, { devices: 2, successes: 2 }],
  pauseAfter: 2,
  attempts: 3,
  backoffMs: 60_000,
  maxBackoffMs: 90_000,
  timeoutMs: 3_600_000,
  jitterMs: 0,
} satisfies RolloutPolicy;

function begin(policy: Partial<RolloutPolicy> = {}): FirmwareRollout {
  const devices = ["a", "b", "c", "d", "e", "f"];
  const goal = { model: "m", version: "1.0.1" };
  return startRollout({ goal, by: "test", policy: { ...POLICY, ...policy }, devices }, NOW);
}

function play(rollout: FirmwareRollout, ...events: readonly RolloutEvent[]): FirmwareRollout {
  return events.reduce((rollout, event) => next(rollout, event, NOW), rollout);
}

const tick: RolloutEvent = { kind: "tick", seen: new Map() };
const abort: RolloutEvent = { kind: "abort", by: "op", restore: true };
const offer = (device: string): RolloutEvent => ({ kind: "begun", device });
const update = (device: string): RolloutEvent => ({ kind: "outcome", device, outcome: { kind: "succeeded" } });
const fail = (device: string, final = true): RolloutEvent => ({
  kind: "outcome",
  device,
  outcome: { kind: "failed", reason: { code: "update_failed", text: "did not boot" }, final },
});
const reasonOf = ({ reason }: FirmwareRollout) => reason && rolloutReasonText(reason, "firmware");

Deno.test("failures pause it, resuming forgives them, and others abort it", () => {
  let rollout = play(begin(), offer("a"), offer("b"), fail("a"));
  assert.equal(rollout.phase, "paused", "two successes cannot be had any more");
  assert.match(reasonOf(rollout) ?? "", /wave 1: 0 updated, 2 needed/);
  assert.equal(mayGoOn(rollout, "b"), false, "nobody fetches while it is paused");
  rollout = play(rollout, { kind: "resume", by: "op" });
  assert.equal(rollout.phase, "running");
  assert.equal(mayGoOn(rollout, "b"), true);
  rollout = play(rollout, update("b"));
  assert.equal(rollout.wave, 1);
  const strict = play(begin({ abortAfter: 1 }), offer("a"), fail("a"));
  assert.equal(strict.phase, "aborted");
  assert.match(reasonOf(strict) ?? "", /1 failed, the last one a: did not boot/);
  assert.equal(play(strict, { kind: "resume", by: "op" }), strict, "an end is an end");
});

Deno.test("by hand it is paused, resumed and aborted", () => {
  const paused = play(begin(), offer("a"), { kind: "pause", by: "op" });
  assert.equal(reasonOf(paused), "paused by op");
  assert.equal(mayBegin(paused, "b", NOW), false);
  const late = next(paused, tick, NOW + 10 * POLICY.timeoutMs);
  assert.equal(memberOf(late, "a")?.stage, "begun", "time does not pass while it is paused");
  const resumed = next(paused, { kind: "resume", by: "op" }, NOW + 10 * POLICY.timeoutMs);
  assert.equal(next(resumed, tick, NOW + 10 * POLICY.timeoutMs), resumed);
  const aborted = play(resumed, abort);
  assert.equal(aborted.phase, "aborted");
  assert.equal(mayGoOn(aborted, "a"), false);
  const updated = memberOf(play(aborted, update("a")), "a");
  assert.equal(updated?.stage, "succeeded", "what is true is still kept");
});

Deno.test("an attempt that fails is repeated later, each time after a longer pause, up to the last", () => {
  let rollout = begin();
  let now = NOW;
  const pauses = [];
  for (let attempt = 1; attempt <= 3; attempt++) {
    rollout = next(rollout, offer("a"), now);
    rollout = next(rollout, fail("a", false), now);
    const { stage, notBefore = 0 } = memberOf(rollout, "a") ?? {};
    if (stage !== "waiting") break;
    assert.equal(mayBegin(rollout, "a", notBefore - 1), false);
    assert.equal(mayBegin(rollout, "a", notBefore), true);
    pauses.push(notBefore - now);
    now = notBefore;
  }
  assert.equal(memberOf(rollout, "a")?.stage, "failed");
  assert.equal(pauses.length, 2);
  assert.ok((pauses[0] ?? 0) >= 60_000 && (pauses[0] ?? 0) <= 75_000);
  assert.ok((pauses[1] ?? 0) >= 90_000 && (pauses[1] ?? 0) <= 112_500, "the maximum, with jitter");
});

Deno.test("who does not report in time has failed that attempt", () => {
  const rollout = play(begin(), offer("a"));
  assert.equal(next(rollout, tick, NOW + POLICY.timeoutMs - 1), rollout);
  const late = memberOf(next(rollout, tick, NOW + POLICY.timeoutMs), "a");
  assert.equal(late?.stage, "waiting");
  assert.equal(late?.reason && deviceReasonText(late.reason), "did not report in time");
});

Deno.test("devices that leave do not stop it", () => {
  const left = (device: string): RolloutEvent => {
    return { kind: "outcome", device, outcome: { kind: "left", reason: { code: "unregistered" } } };
  };
  const rollout = play(begin(), left("a"), update("b"));
  assert.equal(rollout.wave, 1);
  assert.equal(play(rollout, ...["c", "d", "e", "f"].map(left)).phase, "done");
});

Deno.test("a failure of who was offered nothing changes nothing", () => {
  const rollout = begin();
  assert.equal(play(rollout, fail("a")), rollout);
});

Deno.test("jitter spreads a wave, and is the same after a restart", () => {
  const rollout = begin({ waves: [{ devices: 6, successes: 6 }], jitterMs: 600_000 });
  const starts = rollout.members.map(({ notBefore }) => notBefore - NOW);
  assert.ok(starts.every((ms) => ms >= 0 && ms < 600_000));
  assert.equal(new Set(starts).size, 6);
  assert.deepEqual(begin({ waves: [{ devices: 6, successes: 6 }], jitterMs: 600_000 }), rollout);
});

Deno.test("offers begin inside the maintenance window only, and go on outside it", () => {
  const window = WindowText.parse("22:00-04:30");
  const at = (time: string) => Date.parse(`2026-06-21T${time}:00Z`);
  for (
    const [time, open] of [["21:59", false], ["22:00", true], ["00:00", true], ["04:29", true], [
      "04:30",
      false,
    ]] as const
  ) {
    assert.equal(isOpen(window, at(time)), open, time);
  }
  assert.equal(isOpen(WindowText.parse("09:00-17:00"), at("12:00")), true);
  assert.equal(isOpen(undefined, at("12:00")), true);
  const rollout = begin({ window });
  assert.equal(mayBegin(rollout, "a", at("21:59")), false);
  assert.equal(mayBegin(rollout, "a", at("22:00")), true);
  assert.equal(mayBegin(next(rollout, offer("a"), at("22:00")), "a", at("23:59") + 12 * 3_600_000), true);
  for (const bad of ["24:00-01:00", "1:00-2:00", "22:00", ""]) assert.equal(WindowText.safeParse(bad).success, false);
});
