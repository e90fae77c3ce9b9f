import assert from "node:assert/strict";
import fc from "fast-check";
import {
  costOf,
  lineCost,
  MAX_READ,
  type Obstacles,
  planReads,
  type Span,
} from "../../../device/inverter/read_plan.ts";
import { type RegisterKey, registerKey } from "../../../device/inverter/register_reader.ts";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import { registerMap } from "../../../device/inverter/register_map.ts";

const free: Obstacles = { holes: new Set(), cuts: new Set() };
const slow = lineCost({ charMs: 10 / 9.6, gapMs: 35 / 9.6 });
const network = lineCost({ charMs: 0, gapMs: 0 });

function words(...addresses: number[]): Span[] {
  return addresses.map((address) => ({ table: "holding", address, words: 1 }));
}

function shape(spans: readonly Span[], cost = slow, obstacles = free, maxRead = MAX_READ): [number, number][] {
  return planReads(spans, cost, obstacles, maxRead).map(({ address, count }) => [address, count]);
}

function keys(...addresses: number[]): Set<RegisterKey> {
  return new Set(addresses.map((address) => registerKey("holding", address)));
}

Deno.test("reads merge while the gap costs less than another request", () => {
  // 9600 8N1: 13 bytes 13.5 ms + 2 × 3.6 ms + 20 ms = 40.8 ms; a word 2.08 ms: 19 words of gap pay, 20 do not.
  assert.deepEqual(shape(words(0, 20)), [[0, 21]]);
  assert.deepEqual(shape(words(0, 21)), [[0, 1], [21, 1]]);
  assert.deepEqual(shape(words(0, 32), network), [[0, 33]]);
  assert.deepEqual(shape(words(0, 34), network), [[0, 1], [34, 1]]);
});

Deno.test("no read holds a hole, spans a cut, or mixes tables", () => {
  assert.deepEqual(shape(words(0, 1, 3, 4), slow, { holes: keys(2), cuts: new Set() }), [[0, 2], [3, 2]]);
  assert.deepEqual(shape(words(0, 1, 2, 3), slow, { holes: new Set(), cuts: keys(2) }), [[0, 2], [2, 2]]);
  assert.deepEqual(shape(words(0, 5), slow, { holes: new Set(), cuts: keys(3) }), [[0, 1], [5, 1]]);
  const input: Span = { table: "input", address: 1, words: 1 };
  assert.equal(planReads([...words(0, 2), input], slow, free).length, 2);
});

Deno.test("long runs are cut where it is cheapest", () => {
  const run = Array.from({ length: 130 }, (_, i) => i);
  assert.equal(shape(words(...run)).length, 2);
  // A gap lies at 60 to 70: ending there saves reading it.
  assert.deepEqual(shape(words(...run.filter((i) => i < 60 || i > 70))), [[0, 60], [71, 59]]);
  assert.deepEqual(shape(words(0, 1, 2, 3), slow, free, 2), [[0, 2], [2, 2]]);
});

Deno.test("a value stays with its scale factor although two reads would be cheaper", () => {
  const far: Span = { table: "holding", address: 90, words: 1, factor: 0 };
  assert.deepEqual(shape([...words(0), far]), [[0, 91]]);
  assert.deepEqual(shape([...words(0), { ...far, address: 200 }]), [[0, 1], [200, 1]]);
});

Deno.test("the defaults of a three-phase inverter are one request, header included", () => {
  const profile = profileById("sunspec:1@40002/66,103@40070/50");
  assert.ok(profile);
  const map = registerMap(profile, []);
  assert.ok(map.ok);
  assert.deepEqual(shape(map.value.units[0]?.all ?? []), [[40070, 42]]);
});

Deno.test("MPPT modules are parted from their scale factors only where 125 words end", () => {
  const profile = profileById("sunspec:160@40254/168");
  assert.ok(profile);
  const names = (modules: number) => Array.from({ length: modules }, (_, k) => `160.${k + 1}.DCA`);
  for (const cost of [slow, network]) {
    const plan = (modules: number) => {
      const map = registerMap(profile, names(modules));
      assert.ok(map.ok);
      return shape(map.value.units[0]?.all ?? [], cost);
    };
    assert.deepEqual(plan(6), [[40254, 120]]);
    assert.deepEqual(plan(8), [[40254, 120], [40254 + 139, 21]]);
  }
});

const anySpans = fc.uniqueArray(
  fc.record({
    slot: fc.integer({ min: 0, max: 200 }),
    wide: fc.boolean(),
    factor: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  }),
  { selector: ({ slot }) => slot, minLength: 1, maxLength: 60 },
).map((slots) =>
  slots.map(({ slot, wide, factor }): Span => ({
    table: "holding",
    address: 3 * slot,
    words: wide ? 2 : 1,
    ...(factor === undefined ? {} : { factor: 3 * factor }),
  }))
);
const anyKeys = fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 30 });

Deno.test("every span is covered once and whole, within the limits, clear of obstacles", () => {
  fc.assert(fc.property(anySpans, anyKeys, anyKeys, fc.integer({ min: 2, max: 125 }), (spans, holes, cuts, maxRead) => {
    // The caller never wants a hole, and a cut is learned only where a value begins.
    const inside = new Set(spans.flatMap((span) => Array.from({ length: span.words }, (_, i) => span.address + i)));
    const obstacles = {
      holes: keys(...holes.filter((hole) => !inside.has(hole))),
      cuts: keys(...cuts.filter((cut) => !inside.has(cut) || spans.some((span) => span.address === cut))),
    };
    const blocks = planReads(spans, slow, obstacles, maxRead);
    const covered = blocks.flatMap((block) => block.spans);
    assert.equal(covered.length, spans.length);
    assert.deepEqual(new Set(covered), new Set(spans));
    for (const block of blocks) {
      assert.ok(block.count >= 1 && block.count <= maxRead);
      for (const span of block.spans) {
        assert.ok(span.address >= block.address && span.address + span.words <= block.address + block.count);
      }
      for (let address = block.address; address < block.address + block.count; address++) {
        assert.ok(!obstacles.holes.has(registerKey("holding", address)));
        assert.ok(address === block.address || !obstacles.cuts.has(registerKey("holding", address)));
      }
    }
  }));
});

Deno.test("without scale factors no plan is dearer than one read each, nor than merging greedily", () => {
  fc.assert(fc.property(anySpans, fc.constantFrom(slow, network), (spans, cost) => {
    const plain = spans.map(({ table, address, words }): Span => ({ table, address, words }));
    const planned = costOf(planReads(plain, cost, free), cost);
    const naive = costOf(plain.map((span) => ({ ...span, count: span.words, spans: [span] })), cost);
    assert.ok(planned <= naive + 1e-9);
    assert.ok(planned <= greedyCost(plain, cost) + 1e-9);
  }));
});

/** Merges each span with the block before it while that pays and fits. */
function greedyCost(spans: readonly Span[], cost: { perRequest: number; perWord: number }): number {
  let total = 0;
  let start = -Infinity;
  let end = -Infinity;
  for (const { address, words } of [...spans].sort((a, b) => a.address - b.address)) {
    const pays = (address - end) * cost.perWord < cost.perRequest && address + words - start <= MAX_READ;
    total += pays ? (address + words - end) * cost.perWord : cost.perRequest + words * cost.perWord;
    start = pays ? start : address;
    end = address + words;
  }
  return total;
}
