import assert from "node:assert/strict";
import fc from "fast-check";
import { ecowattUnit } from "../../../device/simulator/ecowatt_unit.ts";
import { createInverter } from "../../../device/simulator/inverter.ts";
import { SunSpecOptions } from "../../../device/simulator/options.ts";
import type { Plant } from "../../../device/simulator/plant.ts";
import { DAY_MS } from "../../../device/simulator/sky.ts";
import { sunspecUnit } from "../../../device/simulator/sunspec_unit.ts";
import { respond, type SimulatedUnit } from "../../../device/simulator/unit.ts";
import { physical } from "../../../protocol/profile/physical.ts";
import { rawFromWords, wordsOf } from "../../../protocol/profile/raw.ts";
import { identityOf } from "../../../protocol/profile/sunspec/identity.ts";
import type { ModelBlock } from "../../../protocol/profile/sunspec/map_id.ts";
import { mapProfile } from "../../../protocol/profile/sunspec/map_profile.ts";

const NOON = Date.UTC(2026, 2, 10, 6, 40);
const plant: Plant = { latitude: 6.9, longitude: 79.9, ratedWatts: 5000, phases: 3, tripsPerDay: 0, seed: 7 };

function inverterAt(of: Plant = plant) {
  const clock = { now: NOON };
  return { clock, inverter: createInverter(of, () => clock.now) };
}

function words(unit: SimulatedUnit, address: number, count: number): readonly number[] {
  const read = unit.read(address, count, "holding");
  assert.ok(typeof read !== "number", `exception ${read} at ${address}`);
  return read;
}

Deno.test("the ten registers show the plant in the gains of the profile", () => {
  const { inverter } = inverterAt({ ...plant, phases: 1 });
  const values = inverter.values();
  const unit = ecowattUnit(inverter);
  const expected = [
    Math.round(10 * (values.phaseVolts[0] ?? 0)),
    Math.round(10 * values.acWatts / (values.phaseVolts[0] ?? 0)),
    Math.round(100 * values.hertz),
    Math.round(10 * values.dc[0].volts),
    Math.round(10 * values.dc[1].volts),
    Math.round(10 * values.dc[0].amps),
    Math.round(10 * values.dc[1].amps),
    Math.round(10 * values.cabinetCelsius),
    100,
    Math.round(values.acWatts),
  ];
  assert.ok(values.acWatts > 1000);
  assert.deepEqual(words(unit, 0, 10), expected);
  assert.deepEqual(words(unit, 7, 3), expected.slice(7));
});

/** Requests and answers of contract/2-boards §9 and of the Modbus application protocol, as PDUs. */
const answers = [
  { name: "a read past the last register", pdu: [3, 0, 5, 0, 6], answer: [0x83, 2] },
  { name: "a read of no register", pdu: [3, 0, 0, 0, 0], answer: [0x83, 3] },
  { name: "a read of too many registers", pdu: [3, 0, 0, 0, 126], answer: [0x83, 3] },
  { name: "a read over the end of the addresses", pdu: [3, 0xff, 0xff, 0, 2], answer: [0x83, 2] },
  { name: "input registers, which it has not", pdu: [4, 0, 0, 0, 1], answer: [0x84, 1] },
  { name: "coils, which it has not", pdu: [1, 0, 0, 0, 1], answer: [0x81, 1] },
  { name: "function 16, which it has not", pdu: [16, 0, 8, 0, 1, 2, 0, 50], answer: [0x90, 1] },
  { name: "a function nobody has", pdu: [0x2b, 14, 1, 0], answer: [0xab, 1] },
  { name: "a write of the limit", pdu: [6, 0, 8, 0, 50], answer: [6, 0, 8, 0, 50] },
  { name: "a write of 101%", pdu: [6, 0, 8, 0, 101], answer: [0x86, 3] },
  { name: "a write of 5000", pdu: [6, 0, 8, 0x13, 0x88], answer: [0x86, 3] },
  { name: "a write to a measurement", pdu: [6, 0, 9, 0, 1], answer: [0x86, 2] },
  { name: "a write to an address without register", pdu: [6, 1, 0, 0, 1], answer: [0x86, 2] },
  { name: "half a request", pdu: [3, 0], answer: [0x83, 3] },
  { name: "an empty request", pdu: [], answer: [0x80, 1] },
];
for (const { name, pdu, answer } of answers) {
  Deno.test(`the ten registers answer ${name}`, () => {
    const unit = ecowattUnit(inverterAt().inverter);
    assert.deepEqual([...respond(unit, Uint8Array.from(pdu))], answer);
  });
}

Deno.test("no noise makes a unit throw", () => {
  const { inverter } = inverterAt();
  const units = [ecowattUnit(inverter), sunspecUnit(inverter, SunSpecOptions.parse({}), 1)];
  fc.assert(fc.property(fc.uint8Array({ maxLength: 253 }), (pdu) => {
    for (const unit of units) assert.ok(respond(unit, pdu).length >= 2);
  }));
});

Deno.test("the limit acts on the power at once and can be lifted", () => {
  const { inverter } = inverterAt();
  const unit = ecowattUnit(inverter);
  const before = words(unit, 9, 1)[0] ?? 0;
  assert.equal(unit.write(8, [10]), undefined);
  assert.deepEqual(words(unit, 8, 2), [10, 500]);
  assert.equal(unit.write(8, [100]), undefined);
  assert.deepEqual(words(unit, 9, 1), [before]);
});

/** Walks the chain of models as a client must: ID and length one by one, to the end in whatever form. */
function discover(unit: SimulatedUnit, base: number): { blocks: ModelBlock[]; end: "marker" | "zero" | "exception" } {
  assert.deepEqual(words(unit, base, 2), [0x5375, 0x6e53], "SunS");
  const blocks: ModelBlock[] = [];
  for (let address = base + 2;;) {
    const model = unit.read(address, 1, "holding");
    if (model === 2) return { blocks, end: "exception" };
    assert.ok(typeof model !== "number");
    if (model[0] === 0xffff) return { blocks, end: "marker" };
    if (model[0] === 0) return { blocks, end: "zero" };
    const length = words(unit, address + 1, 1)[0] ?? 0;
    blocks.push({ model: model[0] ?? 0, address, length });
    address += 2 + length;
  }
}

/** All values of a map by name, read block by block as a client would. */
function readAll(unit: SimulatedUnit, blocks: readonly ModelBlock[]): Map<string, number | undefined> {
  const raws = new Map<string, number | undefined>();
  const { registers } = mapProfile(blocks);
  for (const register of registers) {
    raws.set(register.name, rawFromWords(register.encoding, words(unit, register.address, wordsOf(register.encoding))));
  }
  return new Map(
    registers.map((register) => [register.name, physical(register, raws.get(register.name), (name) => raws.get(name))]),
  );
}

const maps = [
  { options: {}, base: 40_000, models: [1, 103, 120, 121, 122, 123, 160], end: "marker", first: 40_070 },
  { options: { identityLength: 65 }, base: 40_000, models: [1, 103], end: "marker", first: 40_069 },
  { options: { float: true, end: "none" }, base: 40_000, models: [1, 113, 120], end: "exception", first: 40_070 },
  { options: { base: 0, end: "zero" }, base: 0, models: [1, 103], end: "zero", first: 70 },
  { options: { base: 50_000, end: "bare" }, base: 50_000, models: [1, 103], end: "marker", first: 50_070 },
] as const;
for (const { options, base, models, end, first } of maps) {
  Deno.test(`a SunSpec map with ${JSON.stringify(options)} is found by walking its chain and tells the plant`, () => {
    const { inverter } = inverterAt();
    const unit = sunspecUnit(inverter, SunSpecOptions.parse(options), 126);
    const found = discover(unit, base);
    assert.deepEqual(found.blocks.slice(0, models.length).map((block) => block.model), models);
    assert.equal(found.blocks.length, 7);
    assert.equal(found.end, end);
    assert.equal(found.blocks[1]?.address, first);
    const values = inverter.values();
    const all = readAll(unit, found.blocks);
    const near = (name: string, expected: number, tolerance: number) => {
      const value = all.get(name);
      assert.ok(value !== undefined && Math.abs(value - expected) <= tolerance, `${name} ${value}, not ${expected}`);
    };
    const model = models[1];
    near(`${model}.W`, values.acWatts, 0.5);
    near(`${model}.PhVphC`, values.phaseVolts[2] ?? 0, 0.05);
    near(`${model}.A`, values.acWatts / 230, 1);
    near(`${model}.AphB`, values.acWatts / 3 / (values.phaseVolts[1] ?? 0), 0.006);
    near(`${model}.Hz`, values.hertz, 0.006);
    near(`${model}.PF`, 100, 0);
    near(`${model}.DCA`, values.dc[0].amps + values.dc[1].amps, 0.006);
    near(`${model}.TmpCab`, values.cabinetCelsius, 0.06);
    near(`${model}.WH`, values.wattHours, 2);
    near(`${model}.DCW`, values.dc[0].watts + values.dc[1].watts, 0.5);
    near(`${model}.St`, 4, 0);
    near("120.WRtg", 5000, 0);
    near("121.ECPNomHz", 50, 0);
    near("122.WAval", values.availableWatts, 0.5);
    near("123.WMaxLimPct", 100, 0);
    near("160.N", 2, 0);
    near("160.2.DCV", values.dc[1].volts, 0.05);
    assert.equal(all.get("120.WHRtg"), undefined, "no storage");
  });
}

Deno.test("model 1 names the simulator", () => {
  const unit = sunspecUnit(inverterAt().inverter, SunSpecOptions.parse({}), 126);
  assert.deepEqual(identityOf(words(unit, 40_004, 64)), {
    manufacturer: "EcoWatt",
    model: "Simulator 5000",
    options: "",
    version: "1.0",
    serialNumber: "SIM-7",
  });
  assert.deepEqual(words(unit, 40_068, 2), [126, 0x8000], "device address and pad");
});

Deno.test("a single-phase SunSpec inverter is model 101, its other phases are not implemented", () => {
  const unit = sunspecUnit(inverterAt({ ...plant, phases: 1 }).inverter, SunSpecOptions.parse({}), 1);
  const { blocks } = discover(unit, 40_000);
  assert.equal(blocks[1]?.model, 101);
  const all = readAll(unit, blocks);
  assert.ok((all.get("101.PhVphA") ?? 0) > 200);
  assert.equal(all.get("101.PhVphB"), undefined);
  assert.equal(all.get("101.PPVphAB"), undefined);
});

Deno.test("a scale factor that is not implemented leaves its points without a value", () => {
  const unit = sunspecUnit(inverterAt().inverter, SunSpecOptions.parse({ unusableFactors: ["103.W_SF"] }), 1);
  const { blocks } = discover(unit, 40_000);
  const all = readAll(unit, blocks);
  assert.equal(all.get("103.W"), undefined);
  assert.ok((all.get("103.PhVphA") ?? 0) > 200);
  const factor = mapProfile(blocks).registers.find((register) => register.name === "103.W_SF");
  assert.deepEqual(words(unit, factor?.address ?? 0, 1), [0x8000]);
});

Deno.test("WMaxLimPct limits the power while it is enabled, and reverts in time", () => {
  const { inverter, clock } = inverterAt();
  const unit = sunspecUnit(inverter, SunSpecOptions.parse({}), 1);
  const { blocks } = discover(unit, 40_000);
  const at = (name: string) => mapProfile(blocks).registers.find((register) => register.name === name)?.address ?? 0;
  const power = () => readAll(unit, blocks).get("103.W") ?? 0;
  const free = power();
  assert.equal(unit.write(at("123.WMaxLimPct"), [1000]), undefined);
  assert.equal(power(), free, "a value without Ena does nothing");
  assert.equal(unit.write(at("123.WMaxLimPct_RvrtTms"), [60]), undefined);
  assert.equal(unit.write(at("123.WMaxLim_Ena"), [1]), undefined);
  assert.equal(power(), 500);
  assert.equal(readAll(unit, blocks).get("103.St"), 5);
  clock.now += 61_000;
  assert.ok(power() > 1000);
  assert.equal(readAll(unit, blocks).get("123.WMaxLim_Ena"), 0);
});

Deno.test("writes outside of what a SunSpec point takes are refused and change nothing", () => {
  const { inverter } = inverterAt();
  const unit = sunspecUnit(inverter, SunSpecOptions.parse({}), 1);
  const { blocks } = discover(unit, 40_000);
  const at = (name: string) => mapProfile(blocks).registers.find((register) => register.name === name)?.address ?? 0;
  assert.equal(unit.write(at("123.WMaxLimPct"), [10_001]), 3);
  assert.equal(unit.write(at("123.WMaxLim_Ena"), [2]), 3);
  assert.equal(unit.write(at("103.W"), [1]), 2);
  assert.equal(unit.write(at("123.WMaxLimPct"), [5000, 0, 0, 0, 7]), 3, "all or none");
  assert.equal(unit.write(at("123.OutPFSet_SF"), [1]), 2);
  assert.equal(readAll(unit, blocks).get("123.WMaxLimPct"), 100);
});

Deno.test("disconnecting over SunSpec stops the inverter, also for the ten registers", () => {
  const { inverter, clock } = inverterAt();
  const unit = sunspecUnit(inverter, SunSpecOptions.parse({}), 1);
  const { blocks } = discover(unit, 40_000);
  const conn = mapProfile(blocks).registers.find((register) => register.name === "123.Conn")?.address ?? 0;
  assert.equal(unit.write(conn, [0]), undefined);
  assert.deepEqual(words(ecowattUnit(inverter), 9, 1), [0]);
  assert.equal(readAll(unit, blocks).get("103.St"), 1);
  assert.equal(unit.write(conn, [1]), undefined);
  clock.now += DAY_MS;
  assert.ok((words(ecowattUnit(inverter), 9, 1)[0] ?? 0) > 0);
});
