import assert from "node:assert/strict";
import { isSunDown, sunElevation, SUNRISE_DEGREES } from "../../../protocol/night/sun.ts";

/** NREL/TP-560-34302, table A5.1: Golden, Colorado. Its pressure and temperature lift the sun by 0.0164°. */
const GOLDEN = { latitude: 39.742476, longitude: -105.1786 };

const close = (actual: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${what}: ${actual} is not ${expected}`);

Deno.test("the sun stands where NREL's solar position algorithm has it", () => {
  close(sunElevation(GOLDEN, Date.UTC(2003, 9, 17, 19, 30, 30)), 90 - 50.11162 - 0.0164, 0.02, "zenith distance");
});

Deno.test("seen from the pole the sun stands at its declination (Meeus, Astronomical Algorithms, example 25.a)", () => {
  close(sunElevation({ latitude: 90, longitude: 0 }, Date.UTC(1992, 9, 13)), -7.78507, 0.02, "declination");
});

Deno.test("sunrise and sunset of the UT day are those of NREL's example, to the minute", () => {
  const rise = Date.UTC(2003, 9, 17, 13, 12, 43), set = Date.UTC(2003, 9, 17, 0, 20, 19);
  for (const [at, before, after] of [[rise, true, false], [set, false, true]] as const) {
    close(sunElevation(GOLDEN, at), SUNRISE_DEGREES, 0.05, new Date(at).toISOString());
    assert.deepEqual([isSunDown(GOLDEN, at - 60_000), isSunDown(GOLDEN, at + 60_000)], [before, after]);
  }
});

Deno.test("beyond the polar circle the sun stays up in June and down in December", () => {
  const hammerfest = { latitude: 70.66, longitude: 23.68 };
  for (let hour = 0; hour < 24; hour++) {
    assert.equal(isSunDown(hammerfest, Date.UTC(2026, 5, 21, hour)), false);
    assert.equal(isSunDown(hammerfest, Date.UTC(2026, 11, 21, hour)), true);
  }
});
