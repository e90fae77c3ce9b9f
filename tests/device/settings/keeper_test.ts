import assert from "node:assert/strict";
import { Bench, MIN, minutes } from "./keeper_bench.ts";

Deno.test("settings come into force at the next upload, are reported and prove themselves", async () => {
  await using bench = new Bench();
  await bench.clock.advance(1_000);
  assert.equal(bench.offer(1), true);
  assert.deepEqual(bench.words, ["1 accepted"]);
  await bench.clock.advance(MIN - 1_500);
  assert.deepEqual([bench.inForce, bench.forced], [0, []]);
  await bench.clock.advance(1_000);
  assert.deepEqual(bench.forced, [[1, MIN]]);
  assert.deepEqual(bench.words, ["1 accepted", "1 applied"]);
  assert.equal(bench.keeper.state().good, null);
  await bench.clock.advance(MIN);
  assert.deepEqual([bench.keeper.state().good?.version, bench.keeper.state().trial], [1, null]);
});

Deno.test("what was dealt with is not dealt with again; the same content is a new number only", async () => {
  await using bench = new Bench();
  bench.offer(1);
  await bench.clock.advance(minutes(3));
  assert.deepEqual([bench.offer(1), bench.words], [false, ["1 accepted", "1 applied"]]);
  assert.equal(bench.offer(2, { poll_interval_s: 101 }), true);
  assert.deepEqual(bench.words.slice(2), ["2 applied"]);
  await bench.clock.advance(minutes(3));
  assert.deepEqual([bench.inForce, bench.forced.length], [2, 1]);
});

Deno.test("what is rejected never comes into force, and every parameter says why", async () => {
  const refusals = [{ key: "poll_interval_s", reason: { code: "unreadable", text: "too fast" } }] as const;
  await using bench = new Bench({ refusals: ({ version }) => version === 1 ? refusals : [] });
  bench.offer(1, { poll_interval_s: 0.01, upload_interval_s: 60 });
  await bench.clock.advance(minutes(5));
  assert.deepEqual([bench.inForce, bench.forced, bench.offer(1, { poll_interval_s: 0.01, upload_interval_s: 60 })], [
    0,
    [],
    false,
  ]);
  assert.deepEqual(
    bench.store.unreported().map(({ update: { parameter, status, error } }) => [parameter, status, error]),
    [
      ["poll_frequency", "rejected", "too fast"],
      ["upload_frequency", "rejected", "not applied, because poll_frequency was refused"],
      ["register_list", "applied", undefined],
    ],
  );
});

Deno.test("a disk that refuses leaves everything as it was; the next upload tries again", async () => {
  await using bench = new Bench();
  await bench.clock.advance(1_000);
  bench.offer(1);
  bench.disk = false;
  assert.throws(() => bench.offer(2), /disk/);
  await bench.clock.advance(minutes(2));
  assert.deepEqual([bench.inForce, bench.forced, bench.words], [0, [], ["1 accepted"]]);
  bench.disk = true;
  await bench.clock.advance(MIN);
  assert.deepEqual([bench.inForce, bench.words], [1, ["1 accepted", "1 applied"]]);
});
