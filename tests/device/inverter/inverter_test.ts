import assert from "node:assert/strict";
import { type Learned, nothingLearned } from "../../../device/inverter/map_memory.ts";
import { DAILY_MS, RETRY_PAUSES_MS } from "../../../device/inverter/quarantine.ts";
import { type BusFault, busFault } from "../../../device/modbus/fault.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import type { Unit } from "./fake_unit.ts";
import { read, setUp, shown } from "./inverter_bench.ts";

const tenWords = [2309, 165, 5001, 3500, 3480, 70, 65, 421, 100, 4100];

function tenRegisters(): Map<number, number> {
  return new Map(tenWords.map((word, address) => [address, word]));
}

Deno.test("the ten registers are one request, in the order asked for", async () => {
  const { inverter, requests, clock } = setUp({ words: tenRegisters() });
  const poll = read(await inverter.poll());
  assert.deepEqual(poll.values, tenWords);
  assert.deepEqual(requests, [{ address: 0, count: 10 }]);
  assert.equal(poll.at, clock.now());
  assert.ok(inverter.choose(["REG_PAC", "vac1"]).ok);
  const next = read(await inverter.poll());
  assert.deepEqual([next.columns, next.values], [["Pac", "Vac1"], [4100, 2309]]);
});

Deno.test("registers that the profile does not have are refused by name", async () => {
  const { inverter, requests } = setUp({ words: tenRegisters() }, { registers: ["Vac1", "Nope"] });
  const poll = await inverter.poll();
  assert.ok(poll.kind === "nothing" && poll.fault.kind === "registers" && poll.fault.message.includes("Nope"));
  assert.equal(requests.length, 0);
  assert.ok(!inverter.choose(["Other"]).ok);
  assert.ok(inverter.choose(["Vac1"]).ok);
  assert.deepEqual(read(await inverter.poll()).values, [2309]);
});

Deno.test("one bad register costs one poll a few requests and never its value's neighbours", async () => {
  const words = tenRegisters();
  words.delete(4);
  const { inverter, requests } = setUp({ words });
  const expected = tenWords.map((word, i) => i === 4 ? undefined : word);
  assert.deepEqual(read(await inverter.poll()).values, expected);
  assert.ok(requests.length <= 1 + 2 * Math.ceil(Math.log2(10)));
  assert.deepEqual(inverter.quarantined(), [{ register: "Vpv2", code: 2 }]);
  requests.length = 0;
  assert.deepEqual(read(await inverter.poll()).values, expected);
  assert.deepEqual(requests, [{ address: 0, count: 4 }, { address: 5, count: 5 }]);
});

Deno.test("a quarantined register is asked again in time and on reconnect", async () => {
  const unit: Unit = { words: tenRegisters() };
  unit.words.delete(9);
  const { inverter, requests, clock } = setUp(unit);
  await inverter.poll();
  const polled = async () => {
    requests.length = 0;
    return { values: read(await inverter.poll()).values, requests: requests.length };
  };
  for (const pause of [...RETRY_PAUSES_MS, DAILY_MS]) {
    assert.equal((await polled()).requests, 1);
    await clock.advance(pause);
    assert.equal((await polled()).requests, 2);
  }
  unit.words.set(9, 4200);
  assert.equal((await polled()).values[9], undefined);
  unit.session = 2;
  assert.equal((await polled()).values[9], 4200);
  assert.deepEqual(inverter.quarantined(), []);
  assert.deepEqual(await polled(), { values: [...tenWords.slice(0, 9), 4200], requests: 1 });
});

Deno.test("an inverter that refuses everything while it starts is read whole a minute later", async () => {
  const unit: Unit = { words: tenRegisters(), refuses: () => 2 };
  const { inverter, requests, clock } = setUp(unit);
  const starting = await inverter.poll();
  assert.ok(starting.kind === "nothing" && starting.fault.kind === "no_values");
  delete unit.refuses;
  await clock.advance(60_000);
  for (let poll = 0; poll < 3; poll++) await inverter.poll();
  requests.length = 0;
  assert.deepEqual(read(await inverter.poll()).values, tenWords);
  assert.equal(requests.length, 1);
});

Deno.test("a unit that limits the length of reads is read in shorter ones", async () => {
  const unit: Unit = { words: tenRegisters(), refuses: ({ count }) => count > 4 ? 3 : undefined };
  const { inverter, requests } = setUp(unit);
  for (let poll = 0; poll < 3; poll++) assert.deepEqual(read(await inverter.poll()).values, tenWords);
  requests.length = 0;
  await inverter.poll();
  assert.ok(requests.every(({ count }) => count <= 4) && requests.length <= 4, JSON.stringify(requests));
  assert.deepEqual(inverter.quarantined(), []);
});

Deno.test("silence gives nothing and a reason; silence half way keeps what was read", async () => {
  const fault = busFault.timeout("test", 17, 500, 3);
  const silent = await setUp({ words: new Map(), fault: () => fault }).inverter.poll();
  assert.ok(silent.kind === "nothing" && silent.fault === fault);
  const unit: Unit = { words: tenRegisters(), silent: ({ address }) => address >= 5 };
  const { inverter } = setUp(unit, { maxRead: 5 });
  const half = read(await inverter.poll());
  assert.deepEqual(half.values, tenWords.map((word, i) => i < 5 ? word : undefined));
  assert.equal(half.fault?.kind, "timeout");
});

Deno.test("a register that never answers is found and left out, the others are read", async () => {
  const deaf = 4;
  const unit: Unit = {
    words: tenRegisters(),
    silent: ({ address, count }) => address <= deaf && deaf < address + count,
  };
  const { inverter, requests } = setUp(unit);
  let polls = 0;
  while (inverter.quarantined().length === 0 && polls < 20) {
    await inverter.poll();
    polls++;
  }
  assert.deepEqual(inverter.quarantined().map(({ code }) => code), [0]);
  assert.ok(polls <= 12, `${polls} polls`);
  requests.length = 0;
  const found = read(await inverter.poll());
  assert.deepEqual(found.values, tenWords.map((word, i) => i === deaf ? undefined : word));
  assert.equal(found.fault, undefined);
  delete unit.silent;
  inverter.relearn();
  await inverter.poll();
  assert.deepEqual(inverter.quarantined(), []);
});

Deno.test("what was left out before a restart is left out at once, asked for a minute later, and forgotten when it answers", async () => {
  let kept: Learned = { ...nothingLearned, leftOut: new Map([["holding:4", 0]]) };
  const memory = {
    load: (profile: string) => profile === ecowatt.id ? kept : nothingLearned,
    keep: (_: string, now: Learned) => kept = now,
  };
  const deaf = ({ address, count }: { address: number; count: number }) => address <= 4 && 4 < address + count;
  const unit: Unit = { words: tenRegisters(), silent: deaf };
  const { clock, requests, inverter } = setUp(unit, {}, memory);
  assert.deepEqual(read(await inverter.poll()).values, tenWords.map((word, i) => i === 4 ? undefined : word));
  assert.ok(!requests.some(deaf), "it is not asked");
  await clock.advance(RETRY_PAUSES_MS[0] ?? 0);
  await inverter.poll();
  assert.ok(requests.some(deaf), "now it is");
  assert.deepEqual([...kept.leftOut], [["holding:4", 0]]);
  delete unit.silent;
  await clock.advance(DAILY_MS);
  await inverter.poll();
  assert.deepEqual([...kept.leftOut], []);
  assert.deepEqual(read(await inverter.poll()).values, tenWords);
});

Deno.test("an inverter that is silent altogether loses no register", async () => {
  const unit: Unit = { words: tenRegisters(), session: 1 };
  const { inverter, requests } = setUp(unit);
  await inverter.poll();
  unit.silent = () => true;
  for (let poll = 0; poll < 200; poll++) await inverter.poll();
  assert.equal(requests.length, 201, "one request a poll");
  assert.deepEqual(inverter.quarantined(), []);
  delete unit.silent;
  unit.session = 2;
  requests.length = 0;
  assert.deepEqual(read(await inverter.poll()).values, tenWords);
  assert.equal(requests.length, 1, "in one piece again");
});

Deno.test("trouble with one block leaves the others; an inverter that is gone is not asked on", async () => {
  const table: readonly [BusFault, number][] = [
    [busFault.exception("test", 17, 4), 3], // it may have failed for once
    [busFault.crc("test", 17, 3), 2],
    [busFault.foreign("test", 17, { detail: "unit 18" }), 2],
    [busFault.exception("test", 17, 11), 1],
    [busFault.timeout("test", 17, 500, 3), 1],
    [busFault.aborted("stopped"), 1],
  ];
  for (const [fault, asked] of table) {
    const unit: Unit = { words: tenRegisters(), fault: ({ address }) => address === 0 ? fault : undefined };
    const { inverter, requests } = setUp(unit, { maxRead: 5 });
    const poll = await inverter.poll();
    assert.equal(poll.fault, fault);
    assert.equal(requests.length, asked, fault.message);
    if (poll.kind === "read") assert.deepEqual(poll.values.slice(5), tenWords.slice(5));
  }
});

Deno.test("implausible values are withheld and counted", async () => {
  const words = tenRegisters();
  const { inverter, clock } = setUp({ words });
  await inverter.poll();
  words.set(0, 170).set(2, 9999);
  await clock.advance(2000);
  const poll = read(await inverter.poll());
  assert.deepEqual(poll.values.slice(0, 3), [undefined, 165, undefined]);
  assert.deepEqual(poll.withheld, { absent: 0, missing: 0, range: 1, step: 1 });
  await inverter.poll();
  assert.deepEqual(inverter.withheld(), { absent: 0, missing: 0, range: 2, step: 2 });
});

Deno.test("registers are read and written as they are", async () => {
  const { inverter } = setUp({ words: tenRegisters() });
  assert.deepEqual(await inverter.writeRegisters(8, [55]), { ok: true, value: undefined });
  assert.deepEqual(await inverter.readRegisters(8, 2), { ok: true, value: [55, 4100] });
});

Deno.test("a register that an inverter refuses through the night is there a quarter of an hour after it is given again", async () => {
  let night = false;
  const unit: Unit = {
    words: new Map(Array.from({ length: 10 }, (_, address) => [address, 10])),
    refuses: ({ address, count }) => night && address <= 7 && 7 < address + count ? 2 : undefined,
  };
  const { inverter, clock } = setUp(unit);
  const pollFor = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute++) {
      await clock.advance(60_000);
      if (shown(await inverter.poll())["Temp"] !== undefined) return minute + 1;
    }
    return Infinity;
  };
  assert.equal(await pollFor(1), 1);
  night = true;
  assert.equal(await pollFor(10 * 60), Infinity);
  night = false;
  assert.ok(await pollFor(60) <= 16);
});

Deno.test("registers that are given again after a night are all read in the poll that asks for them", async () => {
  let night = true;
  const unit: Unit = {
    words: tenRegisters(),
    refuses: ({ address, count }) => night && address + count > 2 ? 2 : undefined,
  };
  const { clock, requests, inverter } = setUp(unit);
  await inverter.poll();
  await clock.advance(RETRY_PAUSES_MS[0] ?? 0);
  const before = requests.length;
  await inverter.poll();
  assert.equal(requests.length - before, 1 + 4, "in vain a few at a time");
  night = false;
  inverter.relearn();
  assert.deepEqual(read(await inverter.poll()).values, tenWords);
});
