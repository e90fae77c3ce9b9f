import assert from "node:assert/strict";
import fc from "fast-check";
import { createSamples } from "../../../gateway/store/samples.ts";
import { systemRandom } from "../../../platform/random.ts";
import { transaction } from "../../../platform/sqlite.ts";
import { assertRollupsAddUp, rawOf } from "./rollup_check.ts";

import { ALL, at, batchOf, DEVICE, step, withDatabase } from "./sample_steps.ts";

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
