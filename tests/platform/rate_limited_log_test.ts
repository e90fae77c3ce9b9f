import assert from "node:assert/strict";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import { FakeClock } from "../fakes/clock.ts";
import { fakeLog } from "../fakes/log.ts";

const HOUR = 3_600_000;

function scene() {
  const clock = new FakeClock(), { log, lines } = fakeLog();
  const trouble = new RateLimitedLog(log, clock);
  const fail = () => trouble.happened("bus {bus} is silent", { bus: "roof" });
  const mend = () => trouble.ended("bus {bus} answers again after {times}", { bus: "roof" });
  return { clock, lines, trouble, fail, mend };
}

Deno.test("a trouble that lasts is told three times, and its end once", () => {
  const { lines, fail, mend } = scene();
  for (let i = 0; i < 10_000; i++) fail();
  assert.deepEqual(lines, [
    "warn: bus roof is silent",
    "warn: bus roof is silent",
    "warn: bus roof is silent; from now on only told when that changes",
  ]);
  mend();
  mend();
  assert.deepEqual(lines.slice(3), ["info: bus roof answers again after 10000"]);
});

Deno.test("a trouble that comes and goes is told once each time it changes", () => {
  const { lines, fail, mend, trouble } = scene();
  for (let i = 0; i < 4; i++) fail();
  for (let round = 0; round < 5; round++) {
    mend();
    assert.equal(trouble.inARow, 0);
    for (let i = 0; i < 100; i++) fail();
  }
  assert.equal(lines.length, 3 + 5 * 2);
});

Deno.test("after an hour without it, it is told three times again", async () => {
  const { clock, lines, fail, mend } = scene();
  for (let i = 0; i < 5; i++) fail();
  await clock.advance(2 * HOUR);
  fail();
  assert.equal(lines.length, 3, "it lasted all the time");
  mend();
  await clock.advance(HOUR);
  for (let i = 0; i < 5; i++) fail();
  assert.equal(lines.length, 3 + 1 + 3);
});

Deno.test("what never happened never ends", () => {
  const { lines, mend } = scene();
  mend();
  assert.deepEqual(lines, []);
});
