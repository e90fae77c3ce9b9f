import assert from "node:assert/strict";
import fc from "fast-check";
import { ecowattUnit } from "../../../device/simulator/ecowatt_unit.ts";
import { createInverter } from "../../../device/simulator/inverter.ts";
import type { Plant } from "../../../device/simulator/plant.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { physical } from "../../../protocol/profile/physical.ts";

const NOON = Date.UTC(2026, 2, 10, 6, 40);
const plant: Plant = { latitude: 6.9, longitude: 79.9, ratedWatts: 20_000, phases: 3, tripsPerDay: 10, seed: 7 };

Deno.test("over a year of polls no ten-register value leaves the profile's plausible range", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 365 * 1440 }), fc.integer({ min: 0, max: 99 }), (minute, seed) => {
      const clock = { now: NOON };
      const inverter = createInverter({ ...plant, seed }, () => clock.now);
      clock.now += minute * 60_000;
      const words = ecowattUnit(inverter).read(0, 10, "holding");
      assert.ok(typeof words !== "number", `exception ${words}`);
      for (const [i, raw] of words.entries()) {
        const register = ecowatt.registers[i];
        assert.ok(register?.plausible);
        const value = physical(register, raw, () => undefined);
        assert.ok(value !== undefined && value >= register.plausible.min && value <= register.plausible.max);
      }
    }),
    { numRuns: 50 },
  );
});
