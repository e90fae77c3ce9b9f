import assert from "node:assert/strict";
import { Bench, MIN, minutes, silent, worked } from "./keeper_bench.ts";

Deno.test("a node killed after any step goes on from there, nothing lost and nothing twice", async () => {
  for (let killed = 0; killed < 5; killed++) {
    await using bench = new Bench();
    const steps = [
      () => void bench.offer(1),
      () => bench.store.acknowledge(bench.store.unreported()),
      () => bench.clock.advance(MIN),
      () => bench.store.acknowledge(bench.store.unreported()),
      () => bench.clock.advance(MIN),
    ];
    await bench.clock.advance(10_000);
    const reported: string[] = [];
    for (const [index, step] of steps.entries()) {
      reported.push(...bench.words.filter((word) => !reported.includes(word)));
      await step();
      if (index === killed) await bench.restart();
    }
    reported.push(...bench.words.filter((word) => !reported.includes(word)));
    await bench.clock.advance(minutes(2));
    assert.deepEqual(reported, ["1 accepted", "1 applied"], `killed after step ${killed}`);
    assert.deepEqual(bench.forced.map(([version]) => version), [1]);
    assert.deepEqual([bench.inForce, bench.keeper.state().good?.version], [1, 1]);
    assert.equal(bench.offer(1), false);
  }
});

Deno.test("settings that the restarted node cannot work under are reverted as well", async () => {
  await using bench = new Bench({ inverter: (_, version) => version === 1 ? silent : worked });
  bench.offer(1);
  await bench.clock.advance(MIN + 30_000);
  await bench.restart();
  await bench.clock.advance(minutes(2));
  assert.equal(bench.inForce, 1);
  await bench.clock.advance(minutes(1) + 1_000);
  assert.deepEqual([bench.inForce, bench.words.at(-1)], [0, "1 reverted"]);
});

Deno.test("settings under which the node keeps dying are reverted when it starts for the fifth time", async () => {
  await using bench = new Bench({ inverter: (_, version) => version === 1 ? silent : worked });
  bench.offer(1);
  await bench.clock.advance(MIN + 1_000);
  for (let start = 1; start <= 4; start++) {
    await bench.restart();
    await bench.clock.advance(5_000);
    assert.equal(bench.inForce, 1);
  }
  await bench.restart();
  assert.deepEqual([bench.inForce, bench.words.at(-1)], [0, "1 reverted"]);
  assert.match(bench.reasons.at(-1) ?? "", /started 5 times/);
});

Deno.test("starts do not count against settings that only wait for the morning", async () => {
  await using bench = new Bench({ inverter: () => silent });
  bench.offer(1);
  for (let start = 0; start < 10; start++) {
    await bench.clock.advance(minutes(2));
    await bench.restart();
  }
  assert.equal(bench.inForce, 1);
});
