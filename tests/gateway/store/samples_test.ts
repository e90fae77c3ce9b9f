import assert from "node:assert/strict";
import { createSamples } from "../../../gateway/store/samples.ts";
import { systemRandom } from "../../../platform/random.ts";
import { transaction } from "../../../platform/sqlite.ts";
import { encodeBlock } from "../../../protocol/block/block.ts";
import { noteStatements } from "../../fakes/statements.ts";
import { rawOf, rollupOf } from "./rollup_check.ts";

import { ALL, batchOf, START, withDatabase } from "./sample_steps.ts";

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

Deno.test("a new series costs three statements, however many an upload brings and its device has", () => {
  withDatabase((open) => {
    const db = open();
    const ran = noteStatements(db);
    const samples = createSamples(db, systemRandom);
    const upload = (registers: string[]) =>
      Array.from({ length: 256 }, (_, i) =>
        batchOf({
          ...{ inverter: `inverter-${i}`, registers, quality: "exact", fate: "kept" },
          samples: [{ at: START, values: registers.map(() => 1) }],
        }));
    const cost = (registers: string[]) => {
      const before = ran.length;
      transaction(db, () => samples.append(...upload(registers)));
      const each = Map.groupBy(ran.slice(before), (sql) => sql.slice(0, 28));
      return [...each].map(([sql, all]) => [sql, all.length]);
    };
    const once = [
      ["INSERT INTO sample_series(id", 256],
      ["SELECT count(DISTINCT invert", 1],
      ["UPDATE sample_series SET blo", 256],
      ["INSERT INTO sample_block(ser", 256],
    ];
    assert.deepEqual(cost(["Pac"]), once);
    assert.deepEqual(cost(["Vac1"]), once);
    assert.deepEqual(cost(["Pac"]), once.slice(2), "and one that is known two");
  });
});
