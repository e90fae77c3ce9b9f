import assert from "node:assert/strict";
import { recover } from "../../../device/command/recovery.ts";
import { busFault } from "../../../device/modbus/fault.ts";
import type { Command } from "../../../protocol/command/command.ts";
import { silence, workbench } from "./workbench.ts";

const tenRegisters = () => new Map(Array.from({ length: 10 }, (_, address) => [address, address === 8 ? 100 : 7]));
const power = (power_value: number): Command => ({ command_type: "set_power", parameters: { power_value } });

Deno.test("a power limit is recorded, written, read back, and told in its unit", async () => {
  const bench = workbench({ words: tenRegisters() });
  assert.deepEqual(await bench.run(power(40)), {
    kind: "completed",
    registers: [{ address: 8, words: [40], register: "Pow", value: 40, unit: "%" }],
  });
  assert.deepEqual(bench.writes, [{ address: 8, words: [40] }]);
  const recorded = [{ register: "Pow", address: 8, words: [40], before: [100] }];
  assert.deepEqual(bench.begun.map(({ writes }) => writes), [recorded]);
});

Deno.test("what the profile does not allow never reaches the inverter", async () => {
  const refused: readonly [Command, RegExp][] = [
    [power(101), /0 to 100 %/],
    [{ command_type: "write_register", parameters: { register_address: 9, value: 1 } }, /Pac cannot be written/],
    [{ command_type: "write_register", parameters: { register_address: 30, value: 1 } }, /no register/],
    [{ command_type: "read_register", parameters: { register_address: 5, count: 6 } }, /no register/],
  ];
  for (const [command, reason] of refused) {
    const bench = workbench({ words: tenRegisters() });
    const done = await bench.run(command);
    assert.ok(done.kind === "failed" && reason.test(done.message), JSON.stringify(done));
    assert.deepEqual([bench.writes, bench.requests, bench.begun], [[], [], []]);
  }
});

Deno.test("a write whose echo is lost took effect, and is not sent again", async () => {
  const bench = workbench({ words: tenRegisters() });
  bench.troubles.push({ fault: silence, effect: true });
  assert.equal((await bench.run(power(40))).kind, "completed");
  assert.equal(bench.writes.length, 1);
});

Deno.test("a write that was lost on the line is sent again after reading back showed it", async () => {
  const bench = workbench({ words: tenRegisters() });
  bench.troubles.push({ fault: silence, effect: false }, { fault: busFault.crc("test", 1, 1), effect: false });
  assert.equal((await bench.run(power(40))).kind, "completed");
  assert.equal(bench.writes.length, 3);
  assert.equal(bench.unit.words.get(8), 40);
});

Deno.test("three lost writes are enough, a refusal is final at once", async () => {
  const lost = { fault: silence, effect: false };
  const bench = workbench({ words: tenRegisters() });
  bench.troubles.push(lost, lost, lost);
  const done = await bench.run(power(40));
  assert.ok(done.kind === "failed" && /did not answer/.test(done.message));
  assert.deepEqual(done.registers, [{ address: 8, words: [100], register: "Pow", value: 100, unit: "%" }]);

  const refusal = { fault: busFault.exception("test", 1, 3), effect: false };
  bench.troubles.push(refusal, refusal);
  const refused = await bench.run(power(40));
  assert.ok(refused.kind === "failed" && /exception 3/.test(refused.message));
  assert.equal(bench.writes.length, 5, "by function 6, and by 16");
});

Deno.test("an inverter that confirms and keeps its old value is found out", async () => {
  const bench = workbench({ words: tenRegisters(), garbles: (words, { address }) => address === 8 ? [99] : words });
  const done = await bench.run(power(40));
  assert.ok(done.kind === "failed" && /confirmed.*40.*holds 99/.test(done.message), JSON.stringify(done));
  assert.equal(bench.writes.length, 1);
});

Deno.test("an inverter that falls silent after the write leaves it unknown, and is not written again", async () => {
  const bench = workbench({ words: tenRegisters(), silent: () => bench.writes.length > 0 });
  bench.troubles.push({ fault: silence, effect: true });
  const done = await bench.run(power(40));
  assert.ok(done.kind === "failed" && /unknown whether/.test(done.message));
  assert.equal(bench.writes.length, 1);
});

Deno.test("an inverter that is silent before the write is not written to", async () => {
  const bench = workbench({ words: tenRegisters(), silent: () => true });
  const done = await bench.run(power(40));
  assert.ok(done.kind === "failed" && /did not answer/.test(done.message));
  assert.deepEqual([bench.writes, bench.begun], [[], []]);
});

Deno.test("an expired command is not executed, and no attempt goes out after the deadline", async () => {
  const bench = workbench({ words: tenRegisters() });
  assert.deepEqual(await bench.run(power(40), { lifeMs: 0 }), { kind: "expired" });
  assert.deepEqual([bench.writes.length, bench.begun.length], [0, 0]);

  bench.troubles.push({ fault: silence, effect: false });
  assert.deepEqual(await bench.run(power(40), { lifeMs: 500 }), { kind: "expired" });
  assert.equal(bench.writes.length, 1, "reading back took longer than was left");
  assert.equal(bench.unit.words.get(8), 100);
});

Deno.test("a command whose end comes while it is prepared is neither recorded nor written, also when the timer is late", async () => {
  const bench = workbench({ words: tenRegisters() });
  bench.unit.silent = () => {
    bench.lateMs = 1_000; // looking at what the register holds took so long
    return false;
  };
  assert.deepEqual(await bench.run(power(40), { lifeMs: 500 }), { kind: "expired" });
  const reading: Command = { command_type: "read_register", parameters: { register_address: 7, count: 2 } };
  bench.lateMs = 0;
  assert.deepEqual(await bench.run(reading, { lifeMs: 500 }), { kind: "expired" });
  assert.deepEqual([bench.writes, bench.begun], [[], []]);
});

Deno.test("a command whose end comes while the disk takes the record is not written, also when the timer is late", async () => {
  const bench = workbench({ words: tenRegisters() });
  bench.recording = () => bench.lateMs = 1_000;
  assert.deepEqual(await bench.run(power(40), { lifeMs: 500 }), { kind: "expired" });
  assert.deepEqual([bench.writes, bench.begun.length], [[], 1]);
});

Deno.test("the writes of a day are bounded, and an admin may go beyond", async () => {
  const bench = workbench({ words: tenRegisters() });
  for (const value of [10, 20]) assert.equal((await bench.run(power(value), { writesPerDay: 2 })).kind, "completed");
  const spent = await bench.run(power(30), { writesPerDay: 2 });
  assert.ok(spent.kind === "failed" && /2 writes of today/.test(spent.message));
  assert.equal((await bench.run({ ...power(30), override_budget: true }, { writesPerDay: 2 })).kind, "completed");
  assert.equal(bench.writes.length, 3);
});

Deno.test("reading tells each register in its unit", async () => {
  const bench = workbench({ words: tenRegisters() });
  const done = await bench.run({ command_type: "read_register", parameters: { register_address: 7, count: 2 } });
  assert.deepEqual(done, {
    kind: "completed",
    registers: [
      { address: 7, words: [7], register: "Temp", value: 0.7, unit: "°C" },
      { address: 8, words: [100], register: "Pow", value: 100, unit: "%" },
    ],
  });
  assert.equal(bench.begun.length, 0, "a read has no effect to remember");
});

Deno.test("which inverter is meant has to be clear", async () => {
  const bench = workbench({ words: tenRegisters() });
  const unknown = await bench.run({ ...power(40), inverter: "barn" });
  assert.ok(unknown.kind === "failed" && /no inverter barn, but roof/.test(unknown.message));
  bench.inverters.set("barn", bench.inverter);
  const unclear = await bench.run(power(40));
  assert.ok(unclear.kind === "failed" && /name one of roof, barn/.test(unclear.message));
  assert.equal((await bench.run({ ...power(40), inverter: "barn" })).kind, "completed");
});

Deno.test("after a death in between, what the registers hold decides, and nothing is written", async () => {
  const interrupted = { id: "a", inverter: "roof", writes: [{ register: "Pow", address: 8, words: [40] }] };
  for (const [held, kind] of [[40, "completed"], [100, "failed"]] as const) {
    const bench = workbench({ words: tenRegisters().set(8, held) });
    const recovering = recover(interrupted, bench, bench.stop.signal);
    for (let i = 0; i < 10; i++) await bench.clock.advance(250);
    const found = await recovering;
    assert.ok(found.kind === kind);
    assert.deepEqual(found.registers, [
      { register: "Pow", address: 8, words: [held] },
    ]);
    assert.equal(bench.writes.length, 0);
  }
});

Deno.test("an inverter that stays silent after a death is waited for, not for ever", async () => {
  const bench = workbench({ words: tenRegisters(), silent: () => true });
  const interrupted = { id: "a", inverter: "roof", writes: [{ register: "Pow", address: 8, words: [40] }] };
  const recovering = recover(interrupted, bench, bench.stop.signal);
  for (let i = 0; i < 40; i++) await bench.clock.advance(2_000);
  const found = await recovering;
  assert.ok(found.kind === "failed" && /interrupted.*unknown/.test(found.message));
});

Deno.test("a register that can be written and not read is written, without a value to go back to", async () => {
  const bench = workbench({ words: tenRegisters() });
  bench.unit.refuses = ({ address }) => address === 8 && bench.writes.length === 0 ? 2 : undefined;
  assert.equal((await bench.run(power(40))).kind, "completed");
  assert.deepEqual(bench.begun.map(({ writes }) => writes), [[{ register: "Pow", address: 8, words: [40] }]]);
});
