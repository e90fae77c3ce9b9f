import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Period } from "../../../device/acquisition/period.ts";
import { Watch } from "../../../device/acquisition/watch.ts";
import { noneWithheld, type Poll } from "../../../device/inverter/poll.ts";
import { createWakefulnessStore, SCHEMA } from "../../../device/store/wakefulness.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { fakeLog } from "../../fakes/log.ts";

const HOUR = 3_600_000;
const COLOMBO = { latitude: 6.93, longitude: 79.85 };
/** Noon there. */
const NOON = Date.UTC(2026, 5, 21, 6, 30);

const silent = (at: number): Poll => ({
  kind: "nothing",
  at,
  withheld: noneWithheld(),
  fault: { kind: "timeout", message: "no answer", waitedMs: 300, attempts: 2 },
});
const giving = (at: number, watts: number): Poll => ({
  kind: "read",
  at,
  profile: ecowatt,
  columns: ["Pac"],
  values: [watts],
  withheld: noneWithheld(),
});

/** An inverter that is watched and polled every two seconds of a day that begins at noon. */
function scene(poll: (at: number) => Poll, options: { readonly known?: boolean; readonly db?: DatabaseSync } = {}) {
  const { known = true, db = new DatabaseSync(":memory:") } = options;
  if (options.db === undefined) db.exec(SCHEMA);
  const { log, lines } = fakeLog();
  const period = new Period(2_000);
  const polls: number[] = [];
  let now = NOON;
  const watch = new Watch({
    inverter: "roof",
    serial: false,
    location: known ? COLOMBO : undefined,
    store: createWakefulnessStore(db),
    changed: (asleep) => period.ease(asleep ? 30_000 : 0),
    clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
    log,
  });
  const run = (ms: number) => {
    for (const end = now + ms; now < end; now += period.ms) {
      polls.push(now);
      watch.polled({ poll: poll(now), beganAt: now });
    }
  };
  return { lines, watch, polls, run };
}

/** Gives power from six to six of the local day, little in the first and last half hour, and is silent at night. */
function day(at: number): Poll {
  const hour = (at / HOUR + 5.5) % 24;
  return hour > 6 && hour < 18 ? giving(at, hour > 17.5 || hour < 6.5 ? 20 : 900) : silent(at);
}

for (const known of [true, false]) {
  Deno.test(`a night of twelve hours is two lines, ${known ? "by the sun" : "by its fading power"}`, () => {
    const { lines, watch, polls, run } = scene(day, { known });
    run(24 * HOUR);
    assert.equal(watch.health().state, "ok");
    assert.deepEqual(lines.map((line) => line.split(":")[1]), [
      " inverter roof is asleep",
      " inverter roof is awake",
    ]);
    const pollsOf = (from: number, to: number) =>
      polls.filter((at) => at >= NOON + from * HOUR && at < NOON + to * HOUR).length;
    assert.equal(pollsOf(8, 16), 8 * 120, "one poll in 30 seconds");
    assert.equal(pollsOf(20, 24), 4 * 1_800, "and one in two by day");
  });
}

Deno.test("silence by day is told three times and as a fault, and its end once", () => {
  let broken = false;
  const { lines, watch, polls, run } = scene((at) => broken ? silent(at) : giving(at, 900));
  run(60_000);
  broken = true;
  run(HOUR);
  assert.equal(watch.health().state, "fault");
  assert.equal(polls.length, 30 + 1_800, "who is at fault is asked as before");
  broken = false;
  run(60_000);
  assert.deepEqual(lines, [
    "warn: inverter roof gave nothing: no answer",
    "warn: inverter roof gave nothing: no answer",
    "warn: inverter roof gave nothing: no answer; from now on only told when that changes",
    "warn: inverter roof is at fault: no answer",
    "info: inverter roof answers again",
  ]);
});

Deno.test("who slept when the node stopped sleeps when it starts again", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(SCHEMA);
  createWakefulnessStore(db).keep("roof", { state: "asleep", since: NOON - HOUR, reason: "test" });
  const { lines, watch, run } = scene(silent, { known: false, db });
  run(3 * HOUR);
  assert.deepEqual([watch.health().state, watch.health().since_ms, lines], ["asleep", NOON - HOUR, []]);
});

Deno.test("an inverter that was never heard is no fault for a night, over restarts; one that was heard once is", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(SCHEMA);
  const first = scene(silent, { known: false, db });
  first.run(HOUR);
  const { state, since_ms } = first.watch.health();
  assert.equal(state, "stale");
  assert.match(first.watch.health().reason, /^it has not answered yet, and may sleep \(no location is set\): /);
  assert.ok(!first.lines.some((line) => line.includes("at fault")));
  const second = scene(silent, { known: false, db });
  second.run(HOUR);
  assert.deepEqual(second.watch.health().since_ms, since_ms);
  scene((at) => giving(at, 900), { known: false, db }).run(HOUR / 60);
  const third = scene(silent, { known: false, db });
  third.run(HOUR / 60);
  assert.equal(third.watch.health().state, "fault");
});

Deno.test("an inverter that always answered is known after a restart", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(SCHEMA);
  scene((at) => giving(at, 900), { known: false, db }).run(HOUR / 60);
  const { watch, run } = scene(silent, { known: false, db });
  run(HOUR / 60);
  assert.equal(watch.health().state, "fault");
});
