import assert from "node:assert/strict";
import fc from "fast-check";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { lookup } from "../../../protocol/profile/lookup.ts";
import { physical, physicalColumns, rawOfPhysical } from "../../../protocol/profile/physical.ts";
import { floatBits } from "../../../protocol/profile/raw.ts";
import type { Profile } from "../../../protocol/profile/register.ts";

function register(profile: Profile | undefined, name: string) {
  const found = profile && lookup(profile, name);
  assert.ok(found, name);
  return found;
}

const three = profileById("sunspec:1@40002/66,103@40070/50,123@40122/24");
const float = profileById("sunspec:113@40070/60");

Deno.test("a scale factor of the same poll scales the point", () => {
  const power = register(three, "103.W");
  const table: readonly [number, number | undefined, number | undefined][] = [
    [1234, 0, 1234],
    [1234, -1, 123.4],
    [1234, 2, 123400],
    [-5, 1, -50],
    [1234, -10, 1234e-10],
    [1234, 10, 1234e10],
    [1234, 11, undefined],
    [1234, -11, undefined],
    [1234, -32768, undefined],
    [1234, undefined, undefined],
    [-32768, 0, undefined],
  ];
  for (const [raw, factor, expected] of table) {
    assert.equal(physical(power, raw, (name) => name === "103.W_SF" ? factor : undefined), expected);
  }
});

Deno.test("each type's own sentinel means not implemented", () => {
  const table: readonly [string, number][] = [
    ["103.W", -0x8000],
    ["103.A", 0xffff],
    ["103.St", 0xffff],
    ["103.Evt1", 0xffffffff],
    ["103.WH", 0],
    ["103.W_SF", -0x8000],
  ];
  for (const [name, raw] of table) assert.equal(physical(register(three, name), raw, () => 0), undefined, name);
});

Deno.test("floating point models give the float, and no value for NaN or infinity", () => {
  const power = register(float, "113.W");
  const none = () => undefined;
  assert.equal(physical(power, floatBits(1234.5), none), 1234.5);
  for (const raw of [0x7fc00000, 0x7fc00001, 0xffc00000, 0x7f800000]) {
    assert.equal(physical(power, raw, none), undefined);
  }
});

Deno.test("whole samples scale by column, unknown columns to no value", () => {
  assert.ok(three);
  const scale = physicalColumns(three, ["103.W", "103.W_SF", "nope", "103.Hz"]);
  assert.deepEqual(scale([500, 1, 7, 5001]), [5000, 1, undefined, undefined]);
  assert.deepEqual(scale([undefined, 1, 7, 5001]), [undefined, 1, undefined, undefined]);
  assert.deepEqual(physicalColumns(ecowatt, ["REG_VAC1", "Pac"])([2300, 10]), [230, 10]);
});

Deno.test("what is written is what will be read, or refused by name", () => {
  const limit = register(three, "123.WMaxLimPct");
  const factors = (exponent: number) => () => exponent;
  assert.deepEqual(rawOfPhysical(limit, 55.5, factors(-2)), { ok: true, value: 5550 });
  assert.deepEqual(rawOfPhysical(limit, 50, factors(1)), { ok: true, value: 5 });
  const refused: readonly [number, number, string][] = [
    [101, 0, "out_of_range"],
    [-1, 0, "out_of_range"],
    [100, -3, "out_of_range"],
    [50, -32768, "no_scale"],
    [NaN, 0, "not_a_number"],
  ];
  for (const [value, exponent, fault] of refused) {
    const outcome = rawOfPhysical(limit, value, factors(exponent));
    assert.equal(!outcome.ok && outcome.fault, fault);
  }
  fc.assert(fc.property(fc.integer({ min: 0, max: 100 }), (percent) => {
    const raw = rawOfPhysical(register(ecowatt, "Pow"), percent, () => undefined);
    assert.ok(raw.ok && physical(register(ecowatt, "Pow"), raw.value, () => undefined) === percent);
  }));
});
