import assert from "node:assert/strict";
import { Bench, MIN, minutes, refused, silent, worked, type World } from "./keeper_bench.ts";

/** What becomes of version 2, offered at minute 10 over a good version 1. `undefined`: neither good nor reverted a quarter of an hour later. */
const CASES: readonly (World & {
  readonly name: string;
  readonly becomes: "good" | "reverted" | "open";
  /** Minutes from coming into force to the revert. */
  readonly after?: number;
})[] = [
  { name: "everything works", becomes: "good" },
  {
    name: "the inverter is silent under it",
    inverter: (_, v) => v === 2 ? silent : worked,
    becomes: "reverted",
    after: 3,
  },
  {
    name: "the inverter refuses under it",
    inverter: (_, v) => v === 2 ? refused : worked,
    becomes: "reverted",
    after: 3,
  },
  {
    name: "the gateway is not reached under it",
    gateway: (_, v) => v === 2 ? silent : worked,
    becomes: "reverted",
    after: 3,
  },
  {
    name: "the inverter chokes after some polls",
    inverter: (at, v) => v === 2 && at > minutes(11) + 35_000 ? silent : worked,
    becomes: "reverted",
    after: 3,
  },
  {
    name: "a night that began before",
    inverter: (at) => at > minutes(8) ? silent : worked,
    becomes: "open",
  },
  {
    name: "a night that began before, and ends",
    inverter: (at) => at > minutes(8) && at < minutes(20) ? silent : worked,
    becomes: "good",
  },
  {
    name: "a night that began before, and an inverter that refuses in the morning",
    inverter: (at, v) => at > minutes(8) && at < minutes(20) ? silent : v === 2 ? refused : worked,
    becomes: "reverted",
    after: 12,
  },
  {
    name: "an inverter that refused before as well",
    inverter: (at) => at > minutes(8) ? refused : worked,
    becomes: "open",
  },
  {
    name: "an outage of the gateway that began before it came into force",
    gateway: (at) => at > minutes(10) + 20_000 && at < minutes(18) ? silent : worked,
    becomes: "good",
  },
  {
    name: "an outage that begins when it has proved itself",
    gateway: (at) => at > minutes(12) + 20_000 ? silent : worked,
    becomes: "good",
  },
  {
    name: "a short outage right after",
    gateway: (at) => at > minutes(11) && at < minutes(12) + 30_000 ? silent : worked,
    becomes: "good",
  },
];

for (const { name, becomes, after, ...world } of CASES) {
  Deno.test(`${name}: ${becomes}`, async () => {
    await using bench = new Bench(world);
    bench.offer(1);
    await bench.clock.advance(minutes(10) + 10_000);
    assert.equal(bench.keeper.state().good?.version, 1);
    bench.offer(2);
    await bench.clock.advance(minutes(16));
    const { good, trial } = bench.keeper.state();
    const is = trial !== null ? "open" : good?.version === 2 ? "good" : "reverted";
    assert.equal(is, becomes);
    const reverts = becomes === "reverted" ? [[1, minutes(11 + (after ?? 0))]] : [];
    assert.deepEqual(bench.forced, [[1, MIN], [2, minutes(11)], ...reverts]);
    assert.deepEqual(bench.words.slice(2), ["2 accepted", "2 applied", ...(reverts.length > 0 ? ["2 reverted"] : [])]);
    assert.equal(bench.reasons.length > 0, becomes === "reverted");
    assert.equal(bench.offer(2), false, "the same offer again changes nothing");
  });
}

Deno.test("settings that follow failing ones have to work too, and the last good ones come back", async () => {
  await using bench = new Bench({ inverter: (_, version) => version >= 2 ? silent : worked });
  bench.offer(1);
  await bench.clock.advance(minutes(5));
  bench.offer(2);
  await bench.clock.advance(minutes(2));
  bench.offer(3);
  await bench.clock.advance(minutes(10));
  assert.deepEqual(bench.forced.map(([version]) => version), [1, 2, 3, 1]);
  assert.deepEqual(bench.words.slice(-1), ["3 reverted"]);
});

Deno.test("going back to the last good settings by hand needs no trial", async () => {
  await using bench = new Bench({ inverter: (_, version) => version === 2 ? silent : worked });
  bench.offer(1);
  await bench.clock.advance(minutes(5));
  bench.offer(2);
  await bench.clock.advance(minutes(2));
  bench.offer(3, { poll_interval_s: 101 });
  await bench.clock.advance(MIN);
  assert.deepEqual([bench.inForce, bench.keeper.state().trial, bench.keeper.state().good?.version], [3, null, 3]);
});

Deno.test("an attempt that began before the change says nothing about it", async () => {
  await using bench = new Bench({ inverter: (_, version) => version === 1 ? silent : worked });
  await bench.clock.advance(1_000);
  const beganAt = bench.clock.monotonic();
  bench.offer(1);
  for (let upload = 1; upload <= 4; upload++) {
    await bench.clock.advance(MIN - 1);
    for (let poll = 0; poll < 20; poll++) bench.keeper.attempted("inverter roof", worked, beganAt);
    await bench.clock.advance(1);
  }
  assert.deepEqual([bench.inForce, bench.words.at(-1)], [0, "1 reverted"]);
});
