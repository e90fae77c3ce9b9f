import assert from "node:assert/strict";
import { restartAtRest } from "../../../device/update/restart.ts";
import { FakeClock } from "../../fakes/clock.ts";

function waiting() {
  const clock = new FakeClock();
  const resting = Promise.withResolvers<void>();
  let restarts = 0;
  const done = restartAtRest(() => restarts++, () => resting.promise, clock);
  return { clock, resting, done, restarts: () => restarts };
}

Deno.test("a restart waits for the command that is being executed", async () => {
  const { clock, resting, done, restarts } = waiting();
  await clock.advance(59_999);
  assert.equal(restarts(), 0);
  resting.resolve();
  await done;
  assert.equal(restarts(), 1);
});

Deno.test("a command that does not end keeps a restart for a minute at most", async () => {
  const { clock, done, restarts } = waiting();
  await clock.advance(60_000);
  await done;
  assert.equal(restarts(), 1);
});
