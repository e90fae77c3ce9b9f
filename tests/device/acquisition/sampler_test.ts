import assert from "node:assert/strict";
import { Period } from "../../../device/acquisition/period.ts";
import { Pulse } from "../../../device/acquisition/pulse.ts";
import { type PollReport, Sampler } from "../../../device/acquisition/sampler.ts";
import { noneWithheld, type Poll } from "../../../device/inverter/poll.ts";
import type { SeriesKey } from "../../../device/outbox/open_series.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import type { Sample } from "../../../protocol/sample.ts";
import { FakeClock } from "../../fakes/clock.ts";

async function sample(
  ms: number,
  poll: (n: number, clock: FakeClock, signal: AbortSignal) => Promise<Poll> | Poll,
) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const taken: [SeriesKey, Sample][] = [];
  const told: PollReport[] = [];
  let polls = 0;
  const sampler = new Sampler({
    name: "roof",
    inverter: { poll: async (signal) => await poll(++polls, clock, signal) },
    sink: { append: (key, one) => void taken.push([key, one]) },
    pulse: new Pulse("roof", 60_000, clock),
    observers: [{ polled: (report) => void told.push(report) }],
    clock,
  });
  const done = sampler.run(new Period(2_000), stop.signal);
  await clock.advance(ms);
  stop.abort();
  await done;
  return { taken, told, polls, status: sampler.status() };
}

const reading = (at: number): Poll => ({
  kind: "read",
  at,
  profile: ecowatt,
  columns: ["Vac1"],
  values: [2300],
  withheld: noneWithheld(),
});
const nothing: Poll = {
  kind: "nothing",
  at: 0,
  withheld: noneWithheld(),
  fault: { kind: "no_values", message: "no value" },
};
const silence: Poll = {
  ...nothing,
  fault: { kind: "timeout", message: "no answer", waitedMs: 300, attempts: 2 },
};
const resting = (retryAt: number): Poll => ({ ...nothing, fault: { kind: "offline", message: "offline", retryAt } });

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
  assert.deepEqual([failing.failuresInRow, failing.lastFault], [2, "no value"]);
});

Deno.test("an inverter that did not answer is asked again within its slot, after pauses that grow", async () => {
  const at: number[] = [];
  const { told, status } = await sample(2_900, (n, clock) => {
    at.push(clock.monotonic());
    return n === 3 ? reading(n) : silence;
  });
  assert.deepEqual(at, [0, 500, 1_500, 2_000, 2_500]);
  assert.deepEqual(told.map(({ beganAt, poll }) => [beganAt, poll.kind]), [[0, "read"]]);
  assert.deepEqual([status.samples, status.failures, status.missed], [1, 0, 0]);
});

Deno.test("an inverter that rests is asked again when its rest is over, if that is before the next slot", async () => {
  const at: number[] = [];
  await sample(5_000, (n, clock) => {
    at.push(clock.monotonic());
    return n === 1 ? resting(clock.now() + 1_200) : resting(clock.now() + 10_000);
  });
  assert.deepEqual(at, [0, 1_200, 2_000, 4_000]);
});

Deno.test("a slow inverter misses slots and they are counted", async () => {
  const { polls, status } = await sample(21_000, async (n, clock, signal) => {
    await clock.sleep(5_000, signal);
    return reading(n);
  });
  assert.equal(polls, 4);
  assert.equal(status.missed, 7);
});

Deno.test("observers hear of every poll once, and when it began", async () => {
  const { told } = await sample(5_000, async (n, clock, signal) => {
    await clock.sleep(500, signal);
    return n === 2 ? nothing : reading(n);
  });
  assert.deepEqual(told.map(({ beganAt, poll }) => [beganAt, poll.kind]), [
    [0, "read"],
    [2_000, "nothing"],
    [4_000, "read"],
  ]);
});

Deno.test("a poll that ends with the program gives its sample, and nobody hears of it", async () => {
  const { taken, told, status } = await sample(2_100, async (n, clock, signal) => {
    await clock.sleep(500, signal);
    return reading(n);
  });
  assert.deepEqual([taken.length, told.length, status.samples, status.failures], [2, 1, 2, 0]);
});
