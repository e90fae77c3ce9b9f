import assert from "node:assert/strict";
import fc from "fast-check";
import { readBlock } from "../../../device/inverter/block_search.ts";
import { type Block, blockOf, type Span } from "../../../device/inverter/read_plan.ts";
import { busFault, type BusOutcome } from "../../../device/modbus/fault.ts";

function block(addresses: readonly number[]): Block {
  return blockOf(addresses.map((address): Span => ({ table: "holding", address, words: 1 })));
}

/** A unit that refuses reads over any of `bad`, and reads that hold both sides of one of `walls`. */
function unit(bad: ReadonlySet<number>, walls: readonly number[] = [], code = 2) {
  let requests = 0;
  const read = ({ address, count }: Block): Promise<BusOutcome<readonly number[]>> => {
    requests++;
    const end = address + count;
    const refused = [...bad].some((at) => at >= address && at < end) || walls.some((at) => at > address && at < end);
    return Promise.resolve(
      refused
        ? { ok: false, fault: busFault.exception("test", 1, code) }
        : { ok: true, value: Array.from({ length: count }, (_, i) => address + i) },
    );
  };
  return { read, requests: () => requests };
}

Deno.test("splitting finds exactly the refused registers, reads all others, and asks boundedly often", async () => {
  const cases = fc.record({
    n: fc.integer({ min: 1, max: 125 }),
    bad: fc.uniqueArray(fc.integer({ min: 0, max: 124 }), { maxLength: 20 }),
    code: fc.constantFrom(1, 2, 3),
  });
  await fc.assert(fc.asyncProperty(cases, async ({ n, bad, code }) => {
    const addresses = Array.from({ length: n }, (_, i) => i);
    const wrong = new Set(bad.filter((address) => address < n));
    const device = unit(wrong, [], code);
    const reading = await readBlock(block(addresses), device.read);
    assert.deepEqual(reading.refused.map(({ span }) => span.address), [...wrong].sort((a, b) => a - b));
    assert.ok(reading.refused.every((refusal) => refusal.code === code));
    const read = reading.answered.flatMap(({ words }) => words);
    assert.deepEqual(read, addresses.filter((address) => !wrong.has(address)));
    assert.deepEqual(reading.cuts, []);
    assert.ok(device.requests() <= 1 + 2 * wrong.size * Math.ceil(Math.log2(n)));
  }));
});

Deno.test("a hole between two values is learned as the place where reads must end", async () => {
  const device = unit(new Set([5]));
  const reading = await readBlock(block([0, 1, 2, 8, 9]), device.read);
  assert.deepEqual(reading.refused, []);
  assert.deepEqual(reading.cuts, ["holding:8"]);
  assert.deepEqual(reading.answered.flatMap(({ words }) => words), [0, 1, 2, 8, 9]);
});

Deno.test("a border that reads must not cross is found where it is", async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 49 }), async (wall) => {
    const reading = await readBlock(block(Array.from({ length: 50 }, (_, i) => i)), unit(new Set(), [wall]).read);
    assert.deepEqual(reading.cuts, [`holding:${wall}`]);
    assert.deepEqual(reading.refused, []);
  }));
});

Deno.test("a fault that is no refusal ends the search and keeps what was read", async () => {
  let requests = 0;
  const read = ({ address, count }: Block): Promise<BusOutcome<readonly number[]>> => {
    requests++;
    if (requests === 1) return Promise.resolve({ ok: false, fault: busFault.exception("test", 1, 2) });
    if (requests === 2) return Promise.resolve({ ok: true, value: Array.from({ length: count }, () => address) });
    return Promise.resolve({ ok: false, fault: busFault.timeout("test", 1, 100, 3) });
  };
  const reading = await readBlock(block([0, 1, 2, 3]), read);
  assert.equal(reading.fault?.kind, "timeout");
  assert.equal(reading.answered.length, 1);
  assert.deepEqual([reading.refused, reading.cuts, requests], [[], [], 3]);
});

Deno.test("exceptions about the device, not the registers, split nothing", async () => {
  for (const code of [4, 5, 6, 8, 10, 11]) {
    const device = unit(new Set([1]), [], code);
    const reading = await readBlock(block([0, 1, 2, 3]), device.read);
    assert.equal(reading.fault?.kind, "exception");
    assert.equal(device.requests(), 1);
  }
});
