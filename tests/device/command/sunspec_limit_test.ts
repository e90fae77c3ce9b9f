import assert from "node:assert/strict";
import { recover } from "../../../device/command/recovery.ts";
import { busFault } from "../../../device/modbus/fault.ts";
import type { Command } from "../../../protocol/command/command.ts";
import { common, sunSpecWords, threePhase } from "../inverter/fake_unit.ts";
import { silence, workbench } from "./workbench.ts";

const tenRegisters = () => new Map(Array.from({ length: 10 }, (_, address) => [address, address === 8 ? 100 : 7]));
const power = (power_value: number): Command => ({ command_type: "set_power", parameters: { power_value } });

const nameplate = { id: 121, length: 30, words: { 2: 5000, 22: 0 } };
const controls = { id: 123, length: 24, words: { 5: 1000, 7: 0, 9: 0, 23: 0xffff, 24: 0, 25: 0 } };

function sunSpec(settings = nameplate) {
  return { words: sunSpecWords([common(66), threePhase, settings, controls]) };
}

Deno.test("a SunSpec limit is written before its timer and its switch", async () => {
  const bench = workbench(sunSpec(), "sunspec");
  assert.equal((await bench.inverter.poll()).kind, "read");
  const done = await bench.run({ command_type: "set_power", parameters: { power_value: 50, revert_s: 600 } });
  assert.ok(done.kind === "completed", JSON.stringify(done));
  assert.deepEqual(done.registers.map(({ register, value }) => [register, value]), [
    ["123.WMaxLimPct", 50],
    ["123.WMaxLimPct_RvrtTms", 600],
    ["123.WMaxLim_Ena", 1],
  ]);
  assert.equal(bench.writes.length, 3);
  assert.equal(bench.begun.length, 1);
});

Deno.test("watts become a share of the rating, and what is above it is refused", async () => {
  const bench = workbench(sunSpec(), "sunspec");
  await bench.inverter.poll();
  const watts = (power_value: number): Command => ({
    command_type: "set_power",
    parameters: { power_value, unit: "W" },
  });
  const done = await bench.run(watts(2_000));
  assert.ok(done.kind === "completed" && done.registers[0]?.value === 40, JSON.stringify(done));
  const refused = await bench.run(watts(5_001));
  assert.ok(refused.kind === "failed" && /rated 5000 W/.test(refused.message));
});

/** A SunSpec inverter that was polled once, with a hand on what it does. */
async function limited(change: (bench: ReturnType<typeof workbench>) => void = () => {}) {
  const bench = workbench(sunSpec(), "sunspec");
  assert.equal((await bench.inverter.poll()).kind, "read");
  change(bench);
  return bench;
}

const LIMIT = 40_154 + 5, REVERT = LIMIT + 2, SWITCH = LIMIT + 4;

function held({ unit }: ReturnType<typeof workbench>): readonly (number | undefined)[] {
  return [LIMIT, REVERT, SWITCH].map((address) => unit.words.get(address));
}

const half: Command = { command_type: "set_power", parameters: { power_value: 50, revert_s: 600 } };

for (
  const [name, fault] of [
    ["exception 5: it is at it", busFault.exception("test", 1, 5)],
    ["0B of a gateway", { ...busFault.offline("test", 1, "gateway target did not respond", 0, 0), code: 11 }],
    ["silence", silence],
    ["a device failure", busFault.exception("test", 1, 4)],
  ] as const
) {
  Deno.test(`a write that is answered with ${name} is read back, and the rest written`, async () => {
    const bench = await limited(({ troubles }) => {
      for (let write = 0; write < 3; write++) troubles.push({ fault, effect: true });
    });
    assert.equal((await bench.run(half)).kind, "completed");
    assert.deepEqual(held(bench), [500, 600, 1]);
    assert.equal(bench.writes.length, 3);
  });
}

Deno.test("what is accepted and never comes is no success, and not asked for twice", async () => {
  const bench = workbench({ words: tenRegisters() });
  bench.troubles.push({ fault: busFault.exception("test", 1, 5), effect: false });
  const done = await bench.run(power(40));
  assert.ok(done.kind === "failed" && /exception 5.*holds 100/.test(done.message), JSON.stringify(done));
  assert.equal(bench.writes.length, 1);
});

Deno.test("an inverter that is deaf for 8 s after each write is waited for, through the whole sequence", async () => {
  const bench = await limited((bench) => {
    let until = 0;
    bench.unit.silent = () => bench.clock.monotonic() < until;
    bench.written = () => void (until = bench.clock.monotonic() + 8000);
  });
  assert.equal((await bench.run(half)).kind, "completed");
  assert.deepEqual(held(bench), [500, 600, 1]);
});

Deno.test("a value that an inverter shows 4 s late is told apart from one that it does not take", async () => {
  const bench = await limited((bench) => {
    const old = new Map(bench.unit.words);
    let until = 0;
    bench.unit.garbles = (words, { address }) =>
      bench.clock.monotonic() < until ? words.map((_, i) => old.get(address + i) ?? 0) : words;
    bench.written = () => void (until = bench.clock.monotonic() + 4000);
  });
  assert.equal((await bench.run(half)).kind, "completed");
  assert.equal(bench.writes.length, 3);
});

Deno.test("a percentage that the inverter rounds is in force, and told", async () => {
  const bench = await limited((bench) => {
    bench.written = (address) => {
      if (address === LIMIT) bench.unit.words.set(LIMIT, 10 * Math.round((bench.unit.words.get(LIMIT) ?? 0) / 10));
    };
  });
  const done = await bench.run({ command_type: "set_power", parameters: { power_value: 1665, unit: "W" } });
  assert.ok(done.kind === "completed", JSON.stringify(done));
  assert.equal(done.registers[0]?.value, 33);
  assert.match(done.notes?.join() ?? "", /123.WMaxLimPct is rounded by the inverter/);
});

for (const refuses of [true, false]) {
  Deno.test(`a revert time that an inverter ${refuses ? "refuses" : "ignores"} is told, and the limit is in force`, async () => {
    const bench = await limited((bench) => {
      const refusal = { fault: busFault.exception("test", 1, 2), effect: false };
      if (refuses) bench.trouble = (address) => address === REVERT ? refusal : undefined;
      else bench.written = () => void bench.unit.words.set(REVERT, 0);
    });
    const done = await bench.run(half);
    assert.ok(done.kind === "completed", JSON.stringify(done));
    assert.match(done.notes?.join() ?? "", /RvrtTms is not taken.*the node lifts the limit/);
    assert.deepEqual(held(bench), [500, 0, 1]);
    assert.deepEqual((await bench.run(power(40))).kind, "completed");
  });
}

Deno.test("what was written before a register that is refused is taken back", async () => {
  const bench = await limited((bench) => {
    const refusal = { fault: busFault.exception("test", 1, 3), effect: false };
    bench.trouble = (address) => address === SWITCH ? refusal : undefined;
  });
  const done = await bench.run(half);
  assert.ok(
    done.kind === "failed" && /WMaxLim_Ena: .*exception 3.*taken back/.test(done.message),
    JSON.stringify(done),
  );
  assert.deepEqual(held(bench), [1000, 0, 0]);
});

Deno.test("what cannot be taken back is said", async () => {
  const bench = await limited((bench) => {
    const refusal = { fault: busFault.exception("test", 1, 3), effect: false };
    bench.trouble = () => bench.writes.length > 2 ? refusal : undefined;
  });
  const done = await bench.run(half);
  assert.ok(done.kind === "failed" && /half done.*WMaxLimPct was set to 500/.test(done.message), JSON.stringify(done));
});

Deno.test("an inverter that takes function 16 only is written by it, and asked by 6 once", async () => {
  const bench = await limited((bench) => {
    const refusal = { fault: busFault.exception("test", 1, 1), effect: false };
    bench.trouble = (_address, options) => options?.function === 16 ? undefined : refusal;
  });
  assert.equal((await bench.run(half)).kind, "completed");
  assert.deepEqual(held(bench), [500, 600, 1]);
  assert.equal(bench.writes.length, 4);
});

Deno.test("half of a sequence that a death left behind is taken back", async () => {
  const bench = await limited();
  bench.unit.words.set(LIMIT, 500);
  const writes = [
    { register: "123.WMaxLimPct", address: LIMIT, words: [500], before: [1000] },
    { register: "123.WMaxLimPct_RvrtTms", address: REVERT, words: [600], before: [0] },
    { register: "123.WMaxLim_Ena", address: SWITCH, words: [1], before: [0] },
  ];
  const recovering = recover({ id: "a", inverter: "roof", writes }, bench, bench.stop.signal);
  for (let i = 0; i < 20; i++) await bench.clock.advance(250);
  const found = await recovering;
  assert.ok(
    found.kind === "failed" && /RvrtTms holds 0, not 600; .*taken back/.test(found.message),
    JSON.stringify(found),
  );
  assert.deepEqual(held(bench), [1000, 0, 0]);
});

Deno.test("a command for an inverter that was never reached fails with that reason", async () => {
  const bench = workbench(sunSpec(), "sunspec");
  const done = await bench.run(power(50));
  assert.ok(done.kind === "failed" && /not reached yet/.test(done.message));
});

Deno.test("a value that only its scale makes too large is refused before anything is recorded", async () => {
  const bench = await limited();
  const done = await bench.run({
    command_type: "write_register",
    parameters: { register_address: LIMIT, value: 1_500 },
  });
  assert.ok(done.kind === "failed" && /takes 0 to 100 %: 150 is outside/.test(done.message), JSON.stringify(done));
  assert.deepEqual([bench.writes, bench.begun], [[], []]);
});

Deno.test("a sequence that was begun is finished, also when its command expires meanwhile", async () => {
  const bench = await limited((bench) => {
    let until = 0;
    bench.unit.silent = () => bench.clock.monotonic() < until;
    bench.written = () => void (until = bench.clock.monotonic() + 8000);
  });
  assert.equal((await bench.run(half, { lifeMs: 3_000 })).kind, "completed");
  assert.deepEqual(held(bench), [500, 600, 1]);
});

Deno.test("what is taken back is taken back in the other order: the last first", async () => {
  const bench = await limited((bench) => {
    const refusal = { fault: busFault.exception("test", 1, 3), effect: false };
    bench.trouble = (address) => address === SWITCH ? refusal : undefined;
  });
  await bench.run(half);
  const addresses = bench.writes.map(({ address }) => address).filter((address) => address !== SWITCH);
  assert.deepEqual(addresses, [LIMIT, REVERT, REVERT, LIMIT]);
});
