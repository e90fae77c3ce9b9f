import assert from "node:assert/strict";
import { profileById } from "../../../../protocol/profile/catalogue.ts";
import { ROLES } from "../../../../protocol/profile/format/roles.ts";
import { columnsOf, lookup, partsOf } from "../../../../protocol/profile/lookup.ts";
import { physicalColumns } from "../../../../protocol/profile/physical.ts";
import { wordsOf } from "../../../../protocol/profile/raw.ts";
import type { Profile } from "../../../../protocol/profile/register.ts";
import { sunspecModels } from "../../../../protocol/profile/sunspec/models.ts";
import known from "./points_0.1.0.json" with { type: "json" };

/** Words that hold every model with two members of each of its groups. */
const LENGTH = 160;

function profile(id: string): Profile {
  const found = profileById(id);
  assert.ok(found, id);
  return found;
}

Deno.test("the points that were compared with the standard one by one are where they were, and what they were", () => {
  for (const [model, points] of Object.entries(known)) {
    const { registers } = profile(`sunspec:${model}@0/60`);
    for (const [name, expected] of Object.entries(points)) {
      const found = registers.find((register) => register.name === `${model}.${name}`);
      assert.ok(found, `${model}.${name}`);
      const { address, encoding, scale, unit, access, absent } = found;
      const factor = scale.kind === "gain" ? scale.gain : scale.register;
      assert.deepEqual([address, encoding, factor, unit, access, absent], expected, found.name);
    }
  }
});

Deno.test("every model that is carried has points with names of their own, scales that exist and roles in their units", () => {
  for (const { id } of sunspecModels) {
    const whole = profile(`sunspec:${id}@100/${LENGTH}`);
    assert.equal(new Set(whole.registers.map(({ name }) => name)).size, whole.registers.length, `model ${id}`);
    for (const register of whole.registers) {
      assert.ok(register.address >= 102 && register.address + wordsOf(register.encoding) <= 102 + LENGTH);
      for (const part of partsOf(register)) assert.ok(lookup(whole, part), `${register.name} needs ${part}`);
      const role = register.role === undefined ? undefined : ROLES.get(register.role);
      if (register.role !== undefined) assert.equal(role?.unit, register.unit, register.name);
    }
    const columns = columnsOf(whole, whole.defaultRegisters);
    assert.ok(columns.ok, `model ${id}`);
  }
});

Deno.test("meters, batteries and sensors are what they are, and only what an inverter gives is production", () => {
  const table: readonly (readonly [string, Profile["class"], string | undefined])[] = [
    ["sunspec:1@40002/66,103@40070/50", "inverter", "103.W"],
    ["sunspec:1@40002/66,701@40070/153", "inverter", "701.W"],
    ["sunspec:1@40002/66,103@40070/50,124@40122/24", "hybrid", "103.W"],
    ["sunspec:1@40002/66,701@40070/153,713@40225/7", "hybrid", "701.W"],
    ["sunspec:1@40002/66,203@40070/105", "meter", undefined],
    ["sunspec:1@40002/66,213@40070/124", "meter", undefined],
    ["sunspec:1@40002/66,802@40070/62", "battery", undefined],
    ["sunspec:1@40002/66,302@40070/5,307@40077/11", "sensor", undefined],
  ];
  for (const [id, kind, power] of table) {
    const found = profile(id);
    assert.deepEqual([found.class, found.power], [kind, power], id);
    assert.ok(found.defaultRegisters.length > 0, id);
  }
});

Deno.test("a number of 64 bits is read whole, and all bits set, or a counter at 0, is no number", () => {
  const der = profile("sunspec:701@0/153");
  const read = (high: number, low: number, factor: number) =>
    physicalColumns(der, ["701.TotWhInj", "701.TotWhInj.low", "701.TotWh_SF"])([high, low, factor])[0];
  assert.equal(read(0x12, 0xd687_0001, 0), 0x12 * 2 ** 32 + 0xd687_0001);
  assert.equal(read(0, 12_345_678, 1), 123_456_780);
  assert.equal(read(0xffff_ffff, 0xffff_ffff, 0), undefined);
  const status = profile("sunspec:122@0/44");
  assert.deepEqual(physicalColumns(status, ["122.ActWh", "122.ActWh.low"])([0, 0])[0], undefined);
  assert.deepEqual(physicalColumns(status, ["122.ActWh", "122.ActWh.low"])([1, 5])[0], 2 ** 32 + 5);
});

Deno.test("fixed powers of ten, groups and their members have their place", () => {
  const sensors = profile("sunspec:302@0/10,303@12/2,307@16/11");
  assert.deepEqual(lookup(sensors, "303.2.TmpBOM")?.scale, { kind: "gain", gain: 10 });
  assert.equal(lookup(sensors, "302.2.GHI")?.address, 7);
  assert.equal(lookup(sensors, "307.TmpAmb")?.role, "ambient_temperature");
  assert.equal(lookup(profile("sunspec:704@0/65"), "704.PFWAbs.Ext")?.address, 64);
  assert.equal(lookup(profile("sunspec:714@0/68"), "714.2.DCW")?.address, 20 + 25 + 12);
  // Where a group of a group lies only another point tells: what is before it is read.
  assert.equal(profile("sunspec:705@0/60").registers.at(-1)?.name, "705.RspTms_SF");
});

Deno.test("values and bits say what they mean, as the standard calls them", () => {
  const state = lookup(profile("sunspec:701@0/153"), "701.InvSt");
  assert.deepEqual(state?.values?.get(6), { severity: "fault", text: "fault" });
  assert.deepEqual(state?.values?.get(1), { severity: "asleep", text: "sleeping" });
  const events = lookup(profile("sunspec:802@0/62"), "802.Evt1");
  assert.deepEqual(events?.bits?.get(2), { severity: "warning", text: "over temp warning" });
});
