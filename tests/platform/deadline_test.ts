import assert from "node:assert/strict";
import { Deadline, TimeLimit, within } from "../../platform/deadline.ts";
import { FakeClock } from "../fakes/clock.ts";

Deno.test("a deadline expires once, at its time; a later one replaces it, an earlier one too", async () => {
  const clock = new FakeClock();
  const expired: number[] = [];
  using deadline = new Deadline(clock, () => expired.push(clock.monotonic()));
  deadline.arm(100);
  await clock.advance(50);
  deadline.arm(100); // 150
  await clock.advance(99);
  assert.deepEqual(expired, []);
  await clock.advance(1);
  assert.deepEqual(expired, [150]);
  deadline.arm(1000);
  deadline.arm(10); // 160
  await clock.advance(2000);
  assert.deepEqual(expired, [150, 160]);
});

Deno.test("a disarmed deadline never expires, and thousands in a row need one timer", async () => {
  const clock = new FakeClock();
  let expired = 0;
  using deadline = new Deadline(clock, () => expired++);
  for (let i = 0; i < 1000; i++) {
    deadline.arm(100);
    deadline.disarm();
  }
  assert.equal(clock.sleeping, 1);
  await clock.advance(1000);
  assert.equal(expired, 0);
  assert.equal(clock.sleeping, 0);
  deadline.arm(5);
  await clock.advance(5);
  assert.equal(expired, 1);
});

Deno.test("a time limit of more than a month is kept to, though no timer lasts so long", async () => {
  const clock = new FakeClock();
  using limit = new TimeLimit(clock, 40 * 86_400_000);
  await clock.advance(40 * 86_400_000 - 1);
  assert.deepEqual([limit.passed, limit.signal.aborted], [false, false]);
  await clock.advance(1);
  assert.deepEqual([limit.passed, limit.signal.aborted], [true, true]);
});

Deno.test("a time limit can be moved while it is to come, and one that was in the past has passed", async () => {
  const clock = new FakeClock();
  await clock.advance(1_000);
  using limit = new TimeLimit(clock, 1_100);
  limit.moveTo(1_300);
  await clock.advance(250);
  assert.equal(limit.signal.aborted, false);
  await clock.advance(50);
  assert.equal(limit.signal.aborted, true);
  limit.moveTo(9_000);
  assert.equal(limit.passed, true);
  using late = new TimeLimit(clock, 1_000);
  assert.equal(late.signal.aborted, true);
});

Deno.test("a time limit for ever, or one that is disposed of, has no timer", () => {
  const clock = new FakeClock();
  using _never = new TimeLimit(clock, Infinity);
  new TimeLimit(clock, 1_000)[Symbol.dispose]();
  assert.equal(clock.sleeping, 0);
});

Deno.test("work is waited for within its time, until somebody ends that, and no timer is left behind", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const never = new Promise<string>(() => {});
  assert.equal(await within(100, Promise.resolve("done"), { clock }), "done");
  assert.equal(clock.sleeping, 0);
  const late = within(100, never, { clock });
  await clock.advance(100);
  assert.equal(await late, undefined);
  const ended = within(100, never, { clock, signal: stop.signal });
  stop.abort();
  assert.equal(await ended, undefined);
  await assert.rejects(within(100, Promise.reject(new Error("broken")), { clock }), /broken/);
  assert.equal(clock.sleeping, 0);
});
