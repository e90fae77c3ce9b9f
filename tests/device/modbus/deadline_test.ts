import assert from "node:assert/strict";
import { Deadline } from "../../../device/modbus/deadline.ts";
import { FakeClock } from "../../fakes/clock.ts";

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
