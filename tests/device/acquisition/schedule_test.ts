import assert from "node:assert/strict";
import { Period } from "../../../device/acquisition/period.ts";
import { keepSchedule } from "../../../device/acquisition/schedule.ts";
import { FakeClock } from "../../fakes/clock.ts";

/** Runs a schedule for `ms` and tells when each slot ran. */
async function record(
  ms: number,
  periodMs: number | Period,
  options: { readonly works?: (clock: FakeClock, run: number) => Promise<void> | void } = {},
): Promise<{ readonly at: readonly number[]; readonly missed: number; readonly clock: FakeClock }> {
  const clock = new FakeClock();
  const stop = new AbortController();
  const at: number[] = [];
  let missed = 0;
  const done = keepSchedule({
    period: periodMs instanceof Period ? periodMs : new Period(periodMs),
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
    assert.deepEqual((await record(until, period)).at, grid(period, until));
  }
});

Deno.test("work that takes its time moves no slot", async () => {
  const { at, missed } = await record(20_500, 2_000, { works: (clock, run) => clock.sleep(137 * (run % 9)) });
  assert.deepEqual(at, grid(2_000, 20_500));
  assert.equal(missed, 0);
});

Deno.test("slots that pass during long work are left out and counted, not run in a bunch", async () => {
  const { at, missed } = await record(20_500, 2_000, {
    works: (clock, run) => clock.sleep(run === 2 ? 7_300 : 10),
  });
  assert.deepEqual(at, [0, 2_000, 10_000, 12_000, 14_000, 16_000, 18_000, 20_000]);
  assert.equal(missed, 3);
});

Deno.test("a step of the wall clock moves no slot", async () => {
  const { at } = await record(8_500, 2_000, {
    works: (clock, run) => clock.jump(run % 2 === 0 ? 0 : 2_000_000_000_000),
  });
  assert.deepEqual(at, grid(2_000, 8_500));
});

Deno.test("a new period counts from the last slot, at once, wherever in the grid it comes", async () => {
  for (
    const [name, from, to, atMs, works, expected] of [
      ["faster, waiting", 60_000, 2_000, 1_500, 0, [0, 2_000, 4_000, 6_000]],
      ["faster, long after the last slot", 60_000, 2_000, 5_300, 0, [0, 5_300, 7_300, 9_300]],
      ["slower, waiting", 2_000, 5_000, 2_500, 0, [0, 2_000, 7_000]],
      ["faster, while the work goes on", 2_000, 100, 2_020, 50, [0, 2_000, 2_100, 2_200]],
      ["much faster, while the work takes long", 2_000, 100, 2_020, 950, [0, 2_000, 2_950, 3_950]],
      ["slower, while the work goes on", 2_000, 3_000, 2_020, 50, [0, 2_000, 5_000, 8_000]],
      ["the same", 2_000, 2_000, 2_500, 0, [0, 2_000, 4_000, 6_000]],
    ] as const
  ) {
    const clock = new FakeClock();
    const stop = new AbortController();
    const period = new Period(from);
    const at: number[] = [];
    const run = () => {
      at.push(clock.monotonic());
      return works === 0 ? undefined : clock.sleep(works);
    };
    const done = keepSchedule({ period, run }, { clock, signal: stop.signal });
    await clock.advance(atMs);
    period.set(to);
    await clock.advance(10_000 - atMs);
    stop.abort();
    await clock.advance(1_000);
    await done;
    assert.deepEqual(at.slice(0, expected.length), expected, name);
    assert.equal(new Set(at).size, at.length, name);
  }
});

Deno.test("a change while the work takes its time leaves no slot out that was never there", async () => {
  const period = new Period(10_000);
  const { at, missed } = await record(20_000, period, {
    works: async (clock, run) => {
      if (run !== 2) return;
      await clock.sleep(1_000);
      period.set(500);
    },
  });
  assert.deepEqual(at.slice(0, 4), [0, 10_000, 11_000, 11_500]);
  assert.equal(missed, 0);
});

Deno.test("a stop ends the wait at once", async () => {
  const { clock } = await record(50, 3_600_000);
  assert.equal(clock.sleeping, 0);
});
