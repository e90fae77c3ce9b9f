import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addReadings,
  BRIDGED_MS,
  NEW_INTEGRAL,
  type PowerReading,
  setAside,
} from "../../../gateway/energy/integral.ts";

const MINUTE = 60_000;

function total(uploads: readonly (readonly PowerReading[])[]): number {
  let integral = NEW_INTEGRAL, wh = 0;
  for (const readings of uploads) {
    const added = addReadings(integral, readings);
    integral = added.integral;
    for (const gain of added.gains) {
      assert.ok(gain.wh >= 0 && gain.to > gain.from);
      wh += gain.wh;
    }
  }
  return wh;
}

const constant = (minutes: readonly number[], w = 600) => minutes.map((minute) => ({ at: minute * MINUTE, w }));

Deno.test("a constant power gives its energy; a gap of over 15 minutes gives nothing", () => {
  assert.equal(total([constant([0, 5, 10])]), 100);
  assert.equal(total([constant([0, 5, 10]), constant([15, 20])]), 200);
  assert.equal(total([constant([0, 15])]), 150);
  assert.equal(total([constant([0, 15.1])]), 0);
});

Deno.test("power below 0 delivers nothing and what is no number is left out", () => {
  assert.equal(total([[{ at: 0, w: -600 }, { at: MINUTE, w: -600 }]]), 0);
  assert.equal(total([[{ at: 0, w: 600 }, { at: MINUTE, w: Number.NaN }, { at: 2 * MINUTE, w: 600 }]]), 20);
});

Deno.test("what comes twice or lies in a counted span is not counted again", () => {
  const once = constant([0, 5, 10]);
  assert.equal(total([once, once, constant([2, 7])]), 100);
});

Deno.test("blocks in any order give the energy of all of them in order", () => {
  const readings = fc.array(fc.record({ at: fc.integer({ min: 0, max: 200 * MINUTE }), w: fc.nat(5_000) }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(fc.property(readings, fc.integer({ min: 1, max: 8 }), fc.infiniteStream(fc.nat()), (all, size, order) => {
    const sorted = [...new Map(all.map((reading) => [reading.at, reading])).values()].sort((a, b) => a.at - b.at);
    // A block ends where a gap begins: within a bridged span late samples are known to be left out.
    const blocks: PowerReading[][] = [];
    for (const reading of sorted) {
      const last = blocks.at(-1);
      const before = last?.at(-1);
      if (!last || !before || (last.length >= size && reading.at - before.at > BRIDGED_MS)) blocks.push([reading]);
      else last.push(reading);
    }
    const shuffled = blocks.map((block) => ({ block, key: order.next().value ?? 0 })).sort((a, b) => a.key - b.key);
    if (blocks.length > 16) return;
    const expected = total([sorted]);
    assert.ok(Math.abs(total(shuffled.map(({ block }) => block)) - expected) <= 1e-6 * (1 + expected));
  }));
});

Deno.test("a span that comes between two others is joined to both", () => {
  const late = total([constant([0, 5, 10]), constant([30, 35]), constant([15, 20, 25])]);
  assert.ok(Math.abs(late - 350) < 1e-9);
});

Deno.test("spans of long ago are forgotten and counted no more", () => {
  const days = Array.from({ length: 40 }, (_, day) => constant([1440 * day, 1440 * day + 10]));
  assert.equal(total(days), 40 * 100);
  assert.equal(total([...days, constant([1440 * 2 + 600, 1440 * 2 + 610])]), 40 * 100);
});

Deno.test("nothing is bridged over what is set aside; counted later, it joins both sides, also in parts", () => {
  const parts = [constant([0, 5]), constant([20, 25]), constant([10]), constant([15])];
  let { integral, gains } = addReadings(NEW_INTEGRAL, parts[0] ?? []);
  let wh = gains.reduce((sum, gain) => sum + gain.wh, 0);
  integral = setAside(integral, 15 * MINUTE);
  integral = setAside(integral, 10 * MINUTE);
  const totals = parts.slice(1).map((part) => {
    ({ integral, gains } = addReadings(integral, part));
    return wh += gains.reduce((sum, gain) => sum + gain.wh, 0);
  });
  assert.deepEqual(totals, [100, 150, 250]);
});
