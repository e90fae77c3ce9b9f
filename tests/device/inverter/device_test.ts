import assert from "node:assert/strict";
import { readProfile } from "../../../profiles/library.ts";
import { ecowattKind } from "../../../protocol/profile/ecowatt.ts";
import type { DeviceKind } from "../../../protocol/profile/format/compile.ts";
import type { Unit } from "./fake_unit.ts";
import { read, setUp, shown } from "./inverter_bench.ts";

function device(...lines: readonly string[]): DeviceKind {
  const head = ["profile: ecowatt-profile/1", "name: tried", "title: Tried", "class: hybrid", "status: transcribed"];
  const kind = readProfile([...head, ...lines, ""].join("\n"), "tried.yaml");
  assert.ok(kind.ok, kind.ok ? "" : kind.detail);
  return kind.value;
}

const HYBRID = [
  "link: { unit: 1, units: { meter: 200 } }",
  "max_read: 20",
  "cuts: [[holding, 12]]",
  "registers:",
  "  Kind: { address: 0, type: u16 }",
  "  W: { address: 10, type: i16, unit: W, role: ac_power }",
  "  V: { address: 12, type: u16, scale: 0.1, unit: V }",
  "  Wh: { address: 14, type: u64, unit: Wh, role: energy_total, counts: lifetime }",
  "  On: { address: 30, type: bit, table: coil }",
  "  GridW: { unit_id: meter, table: input, address: 5, type: i32, unit: W, role: grid_power, positive: export }",
  "fit: [{ register: Kind, any: [5-6] }]",
  "poll: { fast: [W, V, On, GridW], slow: { every: 30s, of: [Wh] } }",
];

function words(changes: Readonly<Record<number, number>> = {}): Map<number, number> {
  const base = { 0: 5, 5: 0, 6: 300, 10: 100, 11: 0, 12: 2305, 13: 0, 14: 0, 15: 1, 16: 0, 17: 2, 30: 1 };
  return new Map(Object.entries({ ...base, ...changes }).map(([address, word]) => [Number(address), word]));
}

Deno.test("a device is read by its profile: unit ids, tables, cuts, and the slow part now and then", async () => {
  const { inverter, asked, clock } = setUp({ words: words() }, { unit: 1, profile: device(...HYBRID) });
  assert.deepEqual(shown(await inverter.poll()), {
    ...{ W: 100, V: 230.5, On: 1, GridW: 300 },
    ...{ Wh: 2 ** 32 + 2, "Wh.low": 2 },
  });
  assert.deepEqual(asked, [
    ...["1 holding 10/1", "1 holding 12/6", "1 coils 30/1", "200 input 5/2"],
    "1 holding 0/1", // the fit test
  ]);
  asked.length = 0;
  await clock.advance(2_000);
  assert.deepEqual(shown(await inverter.poll())["Wh"], undefined);
  assert.deepEqual(asked, ["1 holding 10/1", "1 holding 12/1", "1 coils 30/1", "200 input 5/2"]);
  await clock.advance(30_000);
  assert.equal(shown(await inverter.poll())["Wh"], 2 ** 32 + 2);
});

Deno.test("a foreign device that answers every register gives nothing, and is told with what came", async () => {
  const unit: Unit = { words: words({ 0: 17 }) };
  const { inverter } = setUp(unit, { unit: 1, profile: device(...HYBRID) });
  const poll = await inverter.poll();
  assert.ok(poll.kind === "nothing" && poll.fault.kind === "misfit");
  assert.match(poll.fault.message, /Kind is 17, and not 5 to 6/);
  unit.words = words();
  assert.equal(shown(await inverter.poll())["W"], 100);
});

Deno.test("a device that has no register that it must have is another one", async () => {
  const unit: Unit = { words: words() };
  unit.words.delete(0);
  const poll = await setUp(unit, { unit: 1, profile: device(...HYBRID) }).inverter.poll();
  assert.ok(poll.kind === "nothing" && poll.fault.kind === "misfit");
  assert.match(poll.fault.message, /it has no Kind/);
});

Deno.test("it is asked once, and again when it comes back: another may have come", async () => {
  const unit: Unit = { words: words(), session: 1 };
  const { inverter, asked } = setUp(unit, { unit: 1, profile: device(...HYBRID) });
  const asks = async () => {
    asked.length = 0;
    const poll = await inverter.poll();
    return [poll.kind, asked.includes("1 holding 0/1")];
  };
  assert.deepEqual(await asks(), ["read", true]);
  assert.deepEqual(await asks(), ["read", false]);
  unit.session = 2;
  assert.deepEqual(await asks(), ["read", true]);
  unit.words = words({ 0: 9 });
  unit.session = 3;
  assert.deepEqual(await asks(), ["nothing", true]);
});

Deno.test("nothing is written to a device that is another one", async () => {
  const unit: Unit = { words: words({ 0: 17 }) };
  const { inverter } = setUp(unit, { unit: 1, profile: device(...HYBRID) });
  await inverter.poll();
  const written = await inverter.writeRegisters(10, [7]);
  assert.ok(!written.ok && /Kind is 17/.test(written.fault.message));
  assert.equal(unit.words.get(10), 100);
  unit.words.set(0, 6);
  await inverter.poll();
  assert.ok((await inverter.writeRegisters(10, [7])).ok);
});

Deno.test("the ten registers are their own fit test: they are read once", async () => {
  const ten = new Map([2309, 165, 5001, 3500, 3480, 70, 65, 421, 100, 4100].map((word, address) => [address, word]));
  const unit: Unit = { words: ten };
  const { inverter, asked } = setUp(unit, { profile: ecowattKind });
  assert.equal(read(await inverter.poll()).profile.id, "ecowatt");
  assert.deepEqual(asked, ["17 holding 0/10"]);
  unit.session = 2;
  unit.words.set(0, 65_535);
  const poll = await inverter.poll();
  assert.ok(poll.kind === "nothing" && poll.fault.kind === "misfit");
  assert.match(poll.fault.message, /Vac1 is 6553.5, and not 0 to 300 V/);
});

Deno.test("which of its kinds a device is decides its map; one that is none is not read", async () => {
  const profile = device(
    "registers:",
    "  Kind: { address: 0, type: u16 }",
    "  W: { address: 10, type: u16, unit: W }",
    "poll: { fast: [W] }",
    "variants: { by: Kind, of: { low: { when: [5] }, high: { when: [6], registers: { W: { scale: 10 } } } } }",
  );
  const watts = async (kind: number) => {
    const poll = await setUp({ words: words({ 0: kind }) }, { unit: 1, profile }).inverter.poll();
    return poll.kind === "read" ? shown(poll)["W"] : poll.fault.message;
  };
  assert.deepEqual([await watts(5), await watts(6)], [100, 1_000]);
  assert.match(`${await watts(7)}`, /Kind is 7: none of/);
});
