import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import { createSamples } from "../../../gateway/store/samples.ts";
import type { SampleBatch } from "../../../gateway/store/port/sample_batch.ts";
import { systemRandom } from "../../../platform/random.ts";
import { transaction } from "../../../platform/sqlite.ts";
import { encodeBlock } from "../../../protocol/block/block.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { QUALITIES, type Quality } from "../../../protocol/sample.ts";
import { assertRollupsAddUp, rawOf, rollupOf } from "./rollup_check.ts";

const DEVICE = DeviceId.parse("roof");
const START = Date.UTC(2026, 5, 21, 23, 50);
const ALL = { device: DEVICE, from: 0, to: 2 ** 44 };

interface Step {
  readonly inverter: string;
  readonly registers: readonly string[];
  readonly samples: readonly { at: number; values: readonly (number | undefined)[] }[];
  readonly quality: Quality;
  /** What becomes of the transaction. */
  readonly fate: "kept" | "undone" | "reopened";
}

const at = fc.oneof(
  fc.integer({ min: 0, max: 20 * 60_000 }).map((ms) => START + ms),
  fc.integer({ min: -3 * 86_400_000, max: 3 * 86_400_000 }).map((ms) => START + ms),
  fc.constantFrom(START + 600_000 - 1, START + 600_000, START),
);
const step: fc.Arbitrary<Step> = fc.constantFrom(["Vac1", "Pac"], ["Pac"], ["Pac", "Temp", "Vac1"]).chain((registers) =>
  fc.record({
    inverter: fc.constantFrom("east", "west"),
    registers: fc.constant(registers),
    samples: fc.array(
      fc.record({
        at,
        values: fc.tuple(...registers.map(() => fc.option(fc.integer({ min: 0, max: 65535 }), { nil: undefined }))),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    quality: fc.constantFrom(...QUALITIES),
    fate: fc.constantFrom("kept", "kept", "undone", "reopened"),
  })
);

function batchOf(step: Step, receivedAt = START): SampleBatch {
  const series = { profile: "ecowatt", registers: step.registers, samples: step.samples };
  return { device: DEVICE, inverter: step.inverter, series, quality: step.quality, receivedAt };
}

function withDatabase(body: (open: () => DatabaseSync) => void): void {
  const folder = Deno.makeTempDirSync();
  let db: DatabaseSync | undefined;
  try {
    body(() => {
      db?.close();
      return db = openGatewayDatabase(folder);
    });
  } finally {
    db?.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("rollups are what the raw samples add up to, whatever the order, the lateness, the undone and the reopened", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      withDatabase((open) => {
        let db = open();
        let samples = createSamples(db, systemRandom);
        let stored = 0;
        for (const step of steps) {
          try {
            transaction(db, () => {
              samples.append(batchOf(step));
              if (step.fate === "undone") throw new Error("undo");
            });
            stored += step.samples.length;
          } catch (error) {
            assert.equal(error instanceof Error && error.message, "undo");
          }
          if (step.fate === "reopened") samples = createSamples(db = open(), systemRandom);
        }
        assert.equal(rawOf(db, ALL).points.length, stored);
        assertRollupsAddUp(db, ALL);
      });
    }),
    { numRuns: 60 },
  );
});

Deno.test("the raw points are all samples of the range, in order of time, as physical values", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), at, at, (steps, a, b) => {
      withDatabase((open) => {
        const db = open();
        const samples = createSamples(db, systemRandom);
        transaction(db, () => steps.forEach((step) => samples.append(batchOf(step))));
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const { points } = rawOf(db, { device: DEVICE, inverter: "east", registers: ["REG_PAC"], from, to });
        const expected = steps.filter(({ inverter }) => inverter === "east").flatMap((
          { registers, samples, quality },
        ) =>
          samples.filter(({ at }) => at >= from && at < to)
            .map(({ at, values }) => `${at} ${values[registers.indexOf("Pac")]} ${quality}`)
        );
        assert.deepEqual(
          points.map(({ at, values, quality }) => `${at} ${values[0]} ${quality}`).sort(),
          expected.sort(),
        );
        for (const [index, point] of points.entries()) assert.ok((points[index - 1]?.at ?? 0) <= point.at);
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("of several values the one of the latest time is the last, whenever it came", () => {
  withDatabase((open) => {
    const db = open();
    const samples = createSamples(db, systemRandom);
    const append = (offset: number, value: number) =>
      transaction(db, () =>
        samples.append(batchOf({
          inverter: "east",
          registers: ["Pac"],
          samples: [{ at: START + offset, values: [value] }],
          quality: "exact",
          fate: "kept",
        })));
    append(5_000, 50);
    append(86_400_000, 7);
    append(9_000, 90);
    append(1_000, 10);
    const [first] = rollupOf(db, ALL, "15m");
    assert.deepEqual(first?.values, [
      { count: 3, min: 10, max: 90, sum: 150, mean: 50, last: 90, lastAt: START + 9_000, quality: 0 },
    ]);
  });
});

Deno.test("the payload of a node is kept byte for byte, and samples without one are encoded in pieces that fit a block", () => {
  withDatabase((open) => {
    const db = open();
    const samples = createSamples(db, systemRandom);
    const many = Array.from({ length: 10_001 }, (_, i) => ({ at: START + 1_000 * i, values: [i % 5000] }));
    const base = { inverter: "east", registers: ["Pac"], quality: "lossy", fate: "kept" } as const;
    const batch = batchOf({ ...base, samples: many.slice(0, 9) });
    const payload = encodeBlock(batch.series);
    transaction(db, () => {
      samples.append({ ...batch, payload });
      samples.append(batchOf({ ...base, inverter: "west", samples: many }));
      samples.append(batchOf({ ...base, samples: [] }));
    });
    const rows = db.prepare("SELECT count, payload FROM sample_block ORDER BY (count = 9) DESC, count DESC").all();
    assert.deepEqual(rows.map(({ count }) => count), [9, 10_000, 1]);
    assert.deepEqual(rows[0]?.["payload"], payload);
    assert.equal(rawOf(db, ALL).points.length, 10_010);
  });
});

Deno.test("a register that no series has is refused by its name", () => {
  withDatabase((open) => {
    const db = open();
    const samples = createSamples(db, systemRandom);
    const one = { at: START, values: [1] };
    transaction(db, () =>
      samples.append(
        batchOf({ inverter: "east", registers: ["Pac"], samples: [one], quality: "exact", fate: "kept" }),
      ));
    assert.throws(() => rawOf(db, { ...ALL, registers: ["Pac", "Watt"] }), /Watt/);
    assert.deepEqual(rawOf(db, { ...ALL, inverter: "none", registers: ["Pac"] }).points, []);
    assert.deepEqual(rawOf(db, { ...ALL, registers: ["reg_pac"] }).selection.columns, [
      { name: "Pac", unit: "W", description: "Output power" },
    ]);
  });
});
