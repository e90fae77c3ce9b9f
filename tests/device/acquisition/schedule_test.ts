import assert from "node:assert/strict";
import { keepSchedule } from "../../../device/acquisition/schedule.ts";
import { FakeClock } from "../../fakes/clock.ts";

/** Runs a schedule for `ms` and tells when each slot ran. */
async function record(
  ms: number,
  periodMs: () => number,
  options: { readonly works?: (clock: FakeClock, run: number) => Promise<void> | void } = {},
): Promise<{ readonly at: readonly number[]; readonly missed: number; readonly clock: FakeClock }> {
  const clock = new FakeClock();
  const stop = new AbortController();
  const at: number[] = [];
  let missed = 0;
  const done = keepSchedule({
    periodMs,
    run: () => {
      at.push(clock.monotonic());
      return options.works?.(clock, at.length);
    },
    missed: (slots) => void (missed += slots),
  }, { clock, signal: stop.signal });
  await clock.advance(ms);
  stop.abort();
  await done;
  return { at, missed, clock };
}

const grid = (period: number, until: number) =>
  Array.from({ length: Math.floor(until / period) + 1 }, (_, i) => i * period);

Deno.test("slots lie on a grid from 0.1 s to an hour", async () => {
  for (const [period, until] of [[100, 2_050], [2_000, 20_500], [60_000, 300_500], [3_600_000, 3_600_500]] as const) {
    assert.deepEqual((await record(until, () => period)).at, grid(period, until));
  }
});

Deno.test("work that takes its time moves no slot", async () => {
  const { at, missed } = await record(20_500, () => 2_000, { works: (clock, run) => clock.sleep(137 * (run % 9)) });
  assert.deepEqual(at, grid(2_000, 20_500));
  assert.equal(missed, 0);
});

Deno.test("slots that pass during long work are left out and counted, not run in a bunch", async () => {
  const { at, missed } = await record(20_500, () => 2_000, {
    works: (clock, run) => clock.sleep(run === 2 ? 7_300 : 10),
  });
  assert.deepEqual(at, [0, 2_000, 10_000, 12_000, 14_000, 16_000, 18_000, 20_000]);
  assert.equal(missed, 3);
});

Deno.test("a step of the wall clock moves no slot", async () => {
  const { at } = await record(8_500, () => 2_000, {
    works: (clock, run) => clock.jump(run % 2 === 0 ? 0 : 2_000_000_000_000),
  });
  assert.deepEqual(at, grid(2_000, 8_500));
});

Deno.test("a new period counts from the last slot and is noticed within ten seconds", async () => {
  let period = 60_000;
  const faster = await record(15_500, () => period, { works: () => void setTimeout(() => period = 2_000, 0) });
  assert.deepEqual(faster.at, [0, 10_000, 12_000, 14_000]);
  period = 2_000;
  const slower = await record(13_000, () => period, { works: (_, run) => void (run === 2 && (period = 5_000)) });
  assert.deepEqual(slower.at, [0, 2_000, 7_000, 12_000]);
});

Deno.test("a stop ends the wait at once", async () => {
  const { clock } = await record(50, () => 3_600_000);
  assert.equal(clock.sleeping, 0);
});
