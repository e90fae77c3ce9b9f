import assert from "node:assert/strict";
import { Period } from "../../../device/acquisition/period.ts";
import { type Polled, Sampler } from "../../../device/acquisition/sampler.ts";
import type { SeriesKey } from "../../../device/outbox/open_series.ts";
import type { Sample } from "../../../protocol/sample.ts";
import { FakeClock } from "../../fakes/clock.ts";

async function sample(
  ms: number,
  poll: (n: number, clock: FakeClock, signal: AbortSignal) => Promise<Polled> | Polled,
) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const taken: [SeriesKey, Sample][] = [];
  let polls = 0;
  const sampler = new Sampler({ name: "roof", poll: async (signal) => await poll(++polls, clock, signal) }, {
    append: (key, one) => void taken.push([key, one]),
  });
  const done = sampler.run(new Period(2_000), { clock, signal: stop.signal });
  await clock.advance(ms);
  stop.abort();
  await done;
  return { taken, polls, status: sampler.status() };
}

const reading = (at: number): Polled => ({
  kind: "read",
  at,
  profile: { id: "ecowatt" },
  columns: ["Vac1"],
  values: [2300],
});
const nothing: Polled = { kind: "nothing", fault: { message: "no answer" } };

Deno.test("every reading goes to the sink under its inverter, profile and registers", async () => {
  const { taken, status } = await sample(6_100, (n) => reading(n));
  assert.deepEqual(taken.map(([, { at }]) => at), [1, 2, 3, 4]);
  assert.deepEqual(taken[0]?.[0], { inverter: "roof", profile: "ecowatt", registers: ["Vac1"] });
  assert.deepEqual([status.samples, status.failures, status.lastSampleAt], [4, 0, 4]);
});

Deno.test("a poll that gives nothing is counted and adds nothing", async () => {
  const { taken, status } = await sample(9_000, (n) => n === 5 ? reading(n) : nothing);
  assert.equal(taken.length, 1);
  assert.deepEqual([status.failures, status.failuresInRow, status.lastFault], [4, 0, undefined]);
  const { status: failing } = await sample(3_000, () => nothing);
  assert.deepEqual([failing.failuresInRow, failing.lastFault], [2, "no answer"]);
});

Deno.test("a slow inverter misses slots and they are counted", async () => {
  const { polls, status } = await sample(21_000, async (n, clock, signal) => {
    await clock.sleep(5_000, signal);
    return reading(n);
  });
  assert.equal(polls, 4);
  assert.equal(status.missed, 7);
});
