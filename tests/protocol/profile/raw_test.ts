import assert from "node:assert/strict";
import fc from "fast-check";
import { floatBits, floatOf, rawFromWords, rawRange, wordsFromRaw, wordsOf } from "../../../protocol/profile/raw.ts";
import type { Encoding } from "../../../protocol/profile/register.ts";

const encodings: readonly Encoding[] = ["u16", "i16", "u32", "i32", "f32", "acc32"];

Deno.test("every raw value of every encoding survives its words", () => {
  const anyRaw = fc.constantFrom(...encodings).chain((encoding) => {
    return fc.tuple(fc.constant(encoding), fc.integer(rawRange(encoding)));
  });
  fc.assert(fc.property(anyRaw, ([encoding, raw]) => {
    const words = wordsFromRaw(encoding, raw);
    assert.equal(words?.length, wordsOf(encoding));
    assert.equal(rawFromWords(encoding, [1, 2, ...words ?? []], 2), raw);
  }));
});

Deno.test("the words of known values", () => {
  const table: readonly [Encoding, readonly number[], number][] = [
    ["u16", [0xffff], 65535],
    ["i16", [0x8000], -32768],
    ["u32", [0x0001, 0x0000], 65536],
    ["i32", [0xffff, 0xfffe], -2],
    ["acc32", [0xffff, 0xffff], 4294967295],
    ["f32", [0x4366, 0x8000], 0x43668000],
  ];
  for (const [encoding, words, raw] of table) {
    assert.equal(rawFromWords(encoding, words), raw);
    assert.deepEqual(wordsFromRaw(encoding, raw), words);
  }
  assert.equal(floatOf(0x43668000), 230.5);
  assert.equal(floatBits(230.5), 0x43668000);
});

Deno.test("what does not fit has no words, and too few words no value", () => {
  const misfits: readonly [Encoding, number][] = [["u16", -1], ["u16", 65536], ["i16", 32768], ["i32", 2 ** 31], [
    "u32",
    1.5,
  ], ["acc32", NaN]];
  for (const [encoding, raw] of misfits) assert.equal(wordsFromRaw(encoding, raw), undefined);
  assert.equal(rawFromWords("u16", []), undefined);
  assert.equal(rawFromWords("u32", [1]), undefined);
});

Deno.test("a single is shown by the shortest decimal that is the same single", () => {
  const shown = [
    230.1,
    50.01,
    31.2,
    0.1,
    1e-7,
    398.8,
    -0.30000001192092896,
    12_345_700,
    2 ** 24 + 2,
    0,
    3.4028234663852886e38,
  ];
  const expected = [230.1, 50.01, 31.2, 0.1, 1e-7, 398.8, -0.3, 12_345_700, 2 ** 24 + 2, 0, 3.4028234663852886e38];
  assert.deepEqual(shown.map((value) => floatOf(floatBits(value))), expected);
  fc.assert(fc.property(fc.float({ noNaN: true }), (single) => {
    const short = floatOf(floatBits(single));
    assert.equal(Math.fround(short), single);
    assert.ok(`${short}`.length <= `${single}`.length);
  }));
  assert.ok(Number.isNaN(floatOf(0x7fc0_0000)));
});
