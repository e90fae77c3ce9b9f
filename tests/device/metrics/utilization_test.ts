import assert from "node:assert/strict";
import { Utilization } from "../../../device/metrics/utilization.ts";
import { FakeClock } from "../../fakes/clock.ts";

Deno.test("a bus that was taken for half of the last minute is used by half", async () => {
  const clock = new FakeClock();
  const use = new Utilization(clock);
  assert.equal(use.ratio(), 0);
  for (let second = 0; second < 60; second++) {
    use.busy(500);
    await clock.advance(1_000);
  }
  assert.equal(use.ratio(), 0.5);
  await clock.advance(30_000);
  assert.equal(use.ratio(), 0.25);
  use.busy(1);
  await clock.advance(60_000);
  assert.ok(use.ratio() < 0.001);
  await clock.advance(10_000);
  assert.equal(use.ratio(), 0);
});
