import assert from "node:assert/strict";
import fc from "fast-check";
import { parseYaml } from "../../../../platform/yaml_text.ts";
import { compileDocument, type DeviceMap } from "../../../../protocol/profile/format/compile.ts";
import { profileDocument } from "../../../../protocol/profile/format/document.ts";
import { columnsOf } from "../../../../protocol/profile/lookup.ts";
import { derivedValues, physical } from "../../../../protocol/profile/physical.ts";
import { rawFromWords, wordsOf } from "../../../../protocol/profile/raw.ts";
import type { Profile } from "../../../../protocol/profile/register.ts";
import { written } from "./written.ts";

function maps(registers: readonly string[], more: readonly string[] = []): readonly DeviceMap[] {
  const parsed = parseYaml(written(registers, more), profileDocument());
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return compileDocument(parsed.value).maps;
}

function profileOf(registers: readonly string[], more: readonly string[] = []): Profile {
  const [map] = maps(registers, more);
  assert.ok(map);
  return map.profile;
}

/** What a register shows when the device's words are these, by address. */
function shown(profile: Profile, name: string, words: Readonly<Record<number, number>>): number | undefined {
  const columns = columnsOf(profile, [name]);
  assert.ok(columns.ok);
  const raws = new Map(columns.value.map((register) => {
    const own = Array.from({ length: wordsOf(register.encoding) }, (_, index) => words[register.address + index] ?? 0);
    return [register.name, rawFromWords(register.encoding, own, 0, register)];
  }));
  const [register] = columns.value;
  assert.ok(register);
  return physical(register, raws.get(register.name), (other) => raws.get(other));
}

Deno.test("words become the value that the device means", () => {
  const table: readonly [register: string, words: Record<number, number>, value: number | undefined][] = [
    ["type: u16, scale: 0.1, unit: V", { 5: 2305 }, 230.5],
    ["type: i16, scale: 10, unit: W", { 5: 0xfffe }, -20],
    ["type: u16, scale: 0.1, unit: kWh", { 5: 123 }, 12_300],
    ["type: u16, scale: 0.1, offset: -100, unit: °C", { 5: 1255 }, 25.5],
    ["type: u32", { 5: 1, 6: 2 }, 65_538],
    ["type: u32, order: low_first", { 5: 2, 6: 1 }, 65_538],
    ["type: i32, order: low_first", { 5: 0xffff, 6: 0xffff }, -1],
    ["type: u32, bytes: swapped", { 5: 0x0100, 6: 0x0200 }, 65_538],
    ["type: u32, bytes: swapped, order: low_first", { 5: 0x0200, 6: 0x0100 }, 65_538],
    ["type: u64", { 5: 0, 6: 1, 7: 0, 8: 2 }, 2 ** 32 + 2],
    ["type: u64, order: low_first", { 5: 2, 6: 0, 7: 1, 8: 0 }, 2 ** 32 + 2],
    ["type: i64", { 5: 0xffff, 6: 0xffff, 7: 0xffff, 8: 0xfffe }, -2],
    ["type: f32, unit: V", { 5: 0x4366, 6: 0x8000 }, 230.5],
    ["type: f32, order: low_first", { 5: 0x8000, 6: 0x4366 }, 230.5],
    ["type: f64", { 5: 0x406c, 6: 0xd000, 7: 0, 8: 0 }, 230.5],
    ["type: f64, order: low_first", { 5: 0, 6: 0, 7: 0xd000, 8: 0x406c }, 230.5],
    ["type: f32", { 5: 0x7fc0, 6: 0 }, undefined],
    ["type: bcd16, scale: 0.1", { 5: 0x1234 }, 123.4],
    ["type: bcd16", { 5: 0x12a4 }, undefined],
    ["type: bcd32", { 5: 0x1234, 6: 0x5678 }, 12_345_678],
    ["type: u16, mask: 0xF0, shift: 4", { 5: 0x1234 }, 3],
    ["type: u16, absent: 0xFFFF", { 5: 0xffff }, undefined],
    ["type: u16, absent: [0xFFFF, 0]", { 5: 0 }, undefined],
    ["type: i16, absent: 0x8000", { 5: 0x8000 }, undefined],
    ["type: u64, absent: 0xFFFFFFFFFFFFFFFF", { 5: 0xffff, 6: 0xffff, 7: 0xffff, 8: 0xffff }, undefined],
    ["type: acc32", { 5: 0, 6: 0 }, undefined],
    ["type: u16, unit: A, negative_when: { Kind: [1] }", { 0: 1, 5: 7 }, -7],
    ["type: u16, unit: A, negative_when: { Kind: [1] }", { 0: 2, 5: 7 }, 7],
  ];
  for (const [register, words, value] of table) {
    assert.equal(shown(profileOf([`A: { address: 5, ${register} }`]), "A", words), value, register);
  }
});

Deno.test("words that do not adjoin and powers of ten in another register are read with the value", () => {
  const split = profileOf(["A: { address: [90, 25], type: i32, unit: W }"]);
  assert.equal(shown(split, "A", { 90: 0xffff, 25: 0xfffe }), -2);
  assert.equal(shown(split, "A", { 90: 1, 25: 2 }), 65_538);
  const powers = profileOf(["A: { address: 5, type: i16, exponent: F, unit: A }", "F: { address: 9, type: i16 }"]);
  assert.equal(shown(powers, "A", { 5: 123, 9: 0xfffe }), 1.23);
});

Deno.test("any 64-bit number comes back from its words, in any order of words and bytes", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 53n), 2n ** 53n), fc.boolean(), fc.boolean(), (number, lowFirst, swapped) => {
      const words = [48n, 32n, 16n, 0n].map((shift) => Number((BigInt.asUintN(64, number) >> shift) & 0xffffn));
      const ordered = lowFirst ? words.toReversed() : words;
      const sent = swapped ? ordered.map((word) => ((word & 0xff) << 8) | (word >> 8)) : ordered;
      const how = `order: ${lowFirst ? "low_first" : "high_first"}, bytes: ${swapped ? "swapped" : "normal"}`;
      const profile = profileOf([`A: { address: 5, type: i64, ${how} }`]);
      assert.equal(
        shown(profile, "A", Object.fromEntries(sent.map((word, index) => [5 + index, word]))),
        Number(number),
      );
    }),
    { numRuns: 40 },
  );
});

Deno.test("another meaning is another id; another title is not", () => {
  const id = (register: string) => profileOf([`A: { address: 5, type: u16, ${register} }`]).id;
  const plain = id("unit: W");
  assert.match(plain, /^tried@[0-9a-f]{12}$/);
  for (
    const same of ["unit: W, title: Power", "unit: W, range: [0, 9]", "unit: W, confidence: low", "unit: W, scale: 1"]
  ) {
    assert.equal(id(same), plain, same);
  }
  const others = [
    "unit: V",
    "unit: W, scale: 10",
    "unit: W, offset: 1",
    "unit: W, absent: 0",
    "unit: W, role: pv_power",
  ];
  assert.equal(new Set([plain, ...others.map(id)]).size, 1 + others.length);
});

Deno.test("each variant is a map of its own", () => {
  const [low, high] = maps([], [
    "variants:",
    "  by: Kind",
    "  of:",
    "    low: { when: [1] }",
    "    high: { when: [2-9], title: Large, registers: { W: { scale: 10 }, X: { address: 7, type: u16 } } }",
  ]);
  assert.ok(low && high);
  assert.deepEqual([low.profile.title, high.profile.title], ["Tried", "Large"]);
  assert.deepEqual([shown(low.profile, "W", { 1: 5 }), shown(high.profile, "W", { 1: 5 })], [5, 50]);
  assert.deepEqual(high.when, [[2, 9]]);
  assert.notEqual(low.profile.id, high.profile.id);
});

Deno.test("only what makes power counts as production", () => {
  const registers = ["P: { address: 5, type: i16, unit: W, role: ac_power }"];
  assert.equal(profileOf(registers).power, "P");
  const parsed = parseYaml(written(registers).replace("class: hybrid", "class: meter"), profileDocument());
  assert.ok(parsed.ok);
  assert.equal(compileDocument(parsed.value).maps[0].profile.power, undefined);
});

Deno.test("what is computed is unknown without its parts, and may be made of what was computed", () => {
  const profile = profileOf(["B: { address: 5, type: u16 }"], [
    "derive: { Y: { is: X * 2 }, X: { is: W + B, unit: kW } }",
  ]);
  const of = (values: Record<string, number>) => Object.fromEntries(derivedValues(profile, (name) => values[name]));
  assert.deepEqual(of({ W: 1, B: 2 }), { X: 3_000, Y: 6_000 });
  assert.deepEqual(of({ W: 1 }), { X: undefined, Y: undefined });
});
