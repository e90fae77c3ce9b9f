import assert from "node:assert/strict";
import { Pulse } from "../../../device/acquisition/pulse.ts";
import { ALIVE } from "../../../platform/liveness.ts";
import { FakeClock } from "../../fakes/clock.ts";

Deno.test("a poll that never comes back is noticed when its patience is over", async () => {
  const clock = new FakeClock();
  const pulse = new Pulse("roof", 60_000, clock);
  await pulse.during(() => Promise.resolve());
  const { promise, resolve } = Promise.withResolvers<void>();
  const hanging = pulse.during(() => promise);
  await clock.advance(60_000);
  assert.deepEqual(pulse.liveness({ ms: 2_000 }), ALIVE);
  await clock.advance(1_000);
  assert.deepEqual(pulse.liveness({ ms: 2_000 }), { alive: false, why: "the poll of roof hangs for 61 s" });
  resolve();
  await hanging;
  assert.deepEqual(pulse.liveness({ ms: 2_000 }), ALIVE);
});

Deno.test("a loop that sleeps for its period is alive, one that sleeps on is not", async () => {
  const clock = new FakeClock();
  const pulse = new Pulse("roof", 60_000, clock);
  await pulse.during(() => Promise.resolve());
  await clock.advance(3_660_000);
  assert.deepEqual(pulse.liveness({ ms: 3_600_000 }), ALIVE);
  await clock.advance(1_000);
  assert.match(JSON.stringify(pulse.liveness({ ms: 3_600_000 })), /has not come for 3661 s/);
});

Deno.test("a poll that fails ends its turn as well", async () => {
  const clock = new FakeClock();
  const pulse = new Pulse("roof", 1_000, clock);
  await assert.rejects(pulse.during(() => Promise.reject(new Error("broken"))));
  await clock.advance(2_500);
  assert.deepEqual(pulse.liveness({ ms: 2_000 }), ALIVE);
});
