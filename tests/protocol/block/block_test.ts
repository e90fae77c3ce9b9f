import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBlock, encodeBlock } from "../../../protocol/block/block.ts";
import type { Sample } from "../../../protocol/sample.ts";

const LATEST = 2 ** 44 - 1;
const edge = [0, 1, -1, 32767, -32768, 65535, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32 - 1];
const value = fc.oneof(
  fc.constantFrom(...edge),
  fc.integer({ min: 0, max: 65535 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
  fc.constant(undefined),
);
const at = fc.oneof(fc.constantFrom(0, LATEST), fc.integer({ min: 0, max: LATEST }));

function samplesOf(columns: number, maxLength: number): fc.Arbitrary<Sample[]> {
  const values = fc.array(value, { minLength: columns, maxLength: columns });
  return fc.array(fc.record({ at, values }, { noNullPrototype: true }), { minLength: 1, maxLength });
}

function roundTrip(samples: readonly Sample[]): number {
  const bytes = encodeBlock({ samples });
  const decoded = decodeBlock(bytes);
  assert.ok(decoded.ok, JSON.stringify(decoded));
  assert.deepEqual(decoded.value, samples);
  return bytes.length;
}

/** A day of a ten-register inverter, two seconds apart, with the jitter of a real poll loop. */
function day(count: number, seed = 1): Sample[] {
  let state = seed;
  const noise = (size: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.round((state / 2 ** 31 - 0.5) * size);
  };
  return Array.from({ length: count }, (_, i) => {
    const power = Math.round(4000 * Math.sin(Math.PI * (i + 1) / (count + 1)));
    const current = Math.round(power / 24);
    return {
      at: 1_782_000_000_000 + 2000 * i + noise(4),
      values: [
        2300 + noise(6),
        current,
        5000 + noise(3),
        3600,
        3550,
        current >> 1,
        current >> 1,
        412,
        100,
        power + noise(9),
      ],
    };
  });
}

Deno.test("every register value, gap and time comes back as it was", () => {
  const arbitrary = fc.integer({ min: 1, max: 64 }).chain((columns) => samplesOf(columns, 40));
  fc.assert(fc.property(arbitrary, (samples) => void roundTrip(samples)), { numRuns: 300 });
});

Deno.test("blocks of 1 to 10,000 samples come back as they were", () => {
  for (const count of [1, 2, 3, 5, 8, 100, 9_999, 10_000]) roundTrip(day(count));
});

Deno.test("a clock that steps back or stands still costs only a few bytes", () => {
  const samples = day(100).map((sample, i) => ({ ...sample, at: sample.at - (i >= 50 ? 3_600_000 : 0) }));
  const stopped = day(100).map((sample) => ({ ...sample, at: 0 }));
  assert.ok(roundTrip(samples) <= roundTrip(day(100)) + 16, `${roundTrip(samples)} ${roundTrip(day(100))}`);
  roundTrip(stopped);
});

Deno.test("64 columns of extremes and gaps come back as they were", () => {
  const samples = Array.from({ length: 500 }, (_, i) => ({
    at: i,
    values: Array.from({ length: 64 }, (_, j) => (i * j) % 7 === 3 ? undefined : edge[(i + j * 3) % edge.length]),
  }));
  roundTrip(samples);
});

Deno.test("noise never throws, and what is accepted is exactly what the encoder writes", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const decoded = decodeBlock(bytes);
      if (!decoded.ok) return;
      accepted++;
      assert.deepEqual(encodeBlock({ samples: decoded.value }), new Uint8Array(bytes));
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 0);
});

Deno.test("a block that is cut, changed or followed by something is refused or is another block", () => {
  const samples = day(30);
  const bytes = encodeBlock({ samples });
  for (let cut = 0; cut < bytes.length; cut++) expectOther(bytes.subarray(0, cut));
  for (let i = 0; i < bytes.length; i++) expectOther(bytes.map((byte, at) => at === i ? byte ^ 0x10 : byte));
  for (const tail of [[0], [1], [0, 0, 0, 0, 0], [255, 255]]) {
    const longer = decodeBlock(new Uint8Array([...bytes, ...tail]));
    assert.equal(longer.ok ? "accepted" : longer.fault, "not_canonical");
  }

  function expectOther(changed: Uint8Array): void {
    const decoded = decodeBlock(changed, { columns: 10, count: 30 });
    if (decoded.ok) assert.notDeepEqual(decoded.value, samples);
  }
});

Deno.test("an unknown version and an unexpected shape are named", () => {
  const bytes = encodeBlock({ samples: day(3) });
  const faults: [Uint8Array, { columns: number; count: number } | undefined, string][] = [
    [new Uint8Array(0), undefined, "version"],
    [Uint8Array.of(64), undefined, "version"],
    [Uint8Array.of(255, ...bytes), undefined, "version"],
    [bytes, { columns: 9, count: 3 }, "mismatch"],
    [bytes, { columns: 10, count: 4 }, "mismatch"],
  ];
  for (const [given, expected, fault] of faults) {
    const decoded = decodeBlock(given, expected);
    assert.equal(decoded.ok ? "accepted" : decoded.fault, fault);
  }
});

Deno.test("the encoder refuses what a block cannot hold", () => {
  const bad: Sample[][] = [
    [],
    [{ at: 0, values: [] }],
    [{ at: -1, values: [1] }],
    [{ at: 0.5, values: [1] }],
    [{ at: LATEST + 1, values: [1] }],
    [{ at: 0, values: [2 ** 32] }],
    [{ at: 0, values: [-(2 ** 31) - 1] }],
    [{ at: 0, values: [1.5] }],
    [{ at: 0, values: [NaN] }],
    [{ at: 0, values: [1] }, { at: 1, values: [1, 2] }],
    [{ at: 0, values: new Array(65).fill(0) }],
    new Array(10_001).fill({ at: 0, values: [1] }),
  ];
  for (const samples of bad) assert.throws(() => encodeBlock({ samples }), RangeError);
});
