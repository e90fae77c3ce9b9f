import assert from "node:assert/strict";
import fc from "fast-check";
import { createInverter } from "../../../device/simulator/inverter.ts";
import { type Controls, type Plant, plantAt, type PlantValues } from "../../../device/simulator/plant.ts";
import { DAY_MS, solarTime, sunHeight } from "../../../device/simulator/sky.ts";

const colombo: Plant = {
  latitude: 6.9,
  longitude: 79.9,
  ratedWatts: 5000,
  phases: 1,
  tripsPerDay: 0,
  seed: 7,
};
const free: Controls = { limitPercent: 100, connected: true };

const plants = fc.record({
  latitude: fc.double({ min: -66, max: 66, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  ratedWatts: fc.double({ min: 100, max: 20_000, noNaN: true }),
  phases: fc.constantFrom<1 | 3>(1, 3),
  tripsPerDay: fc.constantFrom(0, 2, 144),
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
});
const moments = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2045, 0, 1) });
const controls = fc.record({ limitPercent: fc.integer({ min: 0, max: 100 }), connected: fc.boolean() });

/** Physical bounds of every number; the ten-register profile's are wider. */
function assertPlausible(plant: Plant, settings: Controls, values: PlantValues): void {
  const within = (name: string, value: number, min: number, max: number) => {
    assert.ok(value >= min && value <= max, `${name} ${value} is not ${min} to ${max}`);
  };
  const cap = settings.connected ? plant.ratedWatts * settings.limitPercent / 100 : 0;
  within("acWatts", values.acWatts, 0, cap);
  within("availableWatts", values.availableWatts, 0, plant.ratedWatts);
  within("irradiance", values.irradiance, 0, 1100);
  within("airCelsius", values.airCelsius, -10, 45);
  within("cabinetCelsius", values.cabinetCelsius, -10, 75);
  within("hertz", values.hertz, 49.9, 50.1);
  assert.equal(values.phaseVolts.length, plant.phases);
  for (const volts of values.phaseVolts) within("volts", volts, 220, 265);
  for (const input of values.dc) {
    within("dc volts", input.volts, 0, 600);
    within("dc amps", input.amps, 0, plant.ratedWatts / 100);
    within("dc watts", input.watts, 0, plant.ratedWatts);
    assert.ok(Math.abs(input.watts - input.volts * input.amps) <= 1e-6 * plant.ratedWatts || input.volts <= 1);
  }
  const dcWatts = values.dc[0].watts + values.dc[1].watts;
  assert.ok(dcWatts >= values.acWatts, "an inverter makes no power");
}

Deno.test("no plant, moment or setting leaves what is physically plausible", () => {
  fc.assert(
    fc.property(plants, moments, controls, (plant, at, settings) => {
      assertPlausible(plant, settings, plantAt(plant, at, settings));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("the same seed and time give the same values, in any order; another seed gives others", () => {
  fc.assert(fc.property(plants, moments, moments, controls, (plant, one, other, settings) => {
    const first = plantAt(plant, one, settings);
    plantAt(plant, other, settings);
    assert.deepEqual(plantAt(plant, one, settings), first);
    assert.notDeepEqual(plantAt({ ...plant, seed: plant.seed ^ 1 }, one, settings), first);
  }));
});

Deno.test("the energy counter never falls, whatever is set and however the clock jumps", () => {
  const steps = fc.array(
    fc.record({
      leapMs: fc.integer({ min: -DAY_MS, max: 3 * DAY_MS }),
      limitPercent: fc.integer({ min: 0, max: 100 }),
      connected: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(plants, fc.integer({ min: 0, max: 60 }), steps, (plant, startDay, leaps) => {
      let now = Date.UTC(2025, 0, 1) + startDay * DAY_MS;
      const inverter = createInverter(plant, () => now);
      let counted = inverter.values().wattHours;
      for (const { leapMs, limitPercent, connected } of leaps) {
        now += leapMs;
        inverter.limit("test", limitPercent);
        inverter.connect(connected);
        const next = inverter.values().wattHours;
        assert.ok(next >= counted, `${next} after ${counted}`);
        counted = next;
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("the energy counter follows the power: a day's sum of power agrees with it", () => {
  const midnight = Date.UTC(2026, 2, 10) - 5.5 * 3_600_000;
  let now = midnight;
  const inverter = createInverter(colombo, () => now);
  const before = inverter.values().wattHours;
  let sum = 0;
  for (; now < midnight + DAY_MS; now += 60_000) sum += inverter.values().acWatts / 60;
  const counted = inverter.values().wattHours - before;
  assert.ok(sum > 5_000, `${sum} Wh is no day in the tropics`);
  assert.ok(Math.abs(counted / sum - 1) < 0.05, `counted ${counted}, summed ${sum}`);
});

Deno.test("a limit of half counts less, a limit of zero nothing", () => {
  const noon = Date.UTC(2026, 2, 10, 6, 40);
  const gain = (percent: number) => {
    let now = noon;
    const inverter = createInverter(colombo, () => now);
    inverter.limit("test", percent);
    const before = inverter.values().wattHours;
    now += 3_600_000;
    return inverter.values().wattHours - before;
  };
  assert.equal(gain(0), 0);
  assert.ok(gain(10) > 0 && gain(10) <= 500);
  assert.ok(gain(100) > gain(10));
});

Deno.test("the sun rises and sets when an almanac says, within ten minutes of solar time", () => {
  // Length of day, hours and minutes, from the US Naval Observatory's tables (upper limb: a few minutes more).
  const days = [
    { name: "Colombo, equinox", latitude: 6.93, longitude: 79.85, start: Date.UTC(2026, 2, 20), hours: 12 + 7 / 60 },
    { name: "Berlin, midsummer", latitude: 52.52, longitude: 13.4, start: Date.UTC(2026, 5, 21), hours: 16 + 50 / 60 },
    { name: "Berlin, midwinter", latitude: 52.52, longitude: 13.4, start: Date.UTC(2026, 11, 21), hours: 7 + 39 / 60 },
    { name: "Sydney, midwinter", latitude: -33.87, longitude: 151.2, start: Date.UTC(2026, 5, 21), hours: 9 + 54 / 60 },
  ] as const;
  for (const { name, latitude, longitude, start, hours } of days) {
    const lit = Array.from(
      { length: 1440 },
      (_, minute) => sunHeight({ latitude, longitude }, start + minute * 60_000),
    );
    const minutes = lit.filter((height) => height > 0).length;
    assert.ok(Math.abs(minutes / 60 - hours) < 20 / 60, `${name}: ${minutes / 60} h, not ${hours}`);
  }
  // Greenwich: the sun stands highest at 11:44 UTC on 3 November, at 12:14 on 11 February (equation of time).
  for (const [month, day, hour, minute] of [[10, 3, 11, 44], [1, 11, 12, 14]] as const) {
    const noon = solarTime({ latitude: 51.5, longitude: 0 }, Date.UTC(2026, month, day, hour, minute));
    assert.ok(Math.abs(noon - DAY_MS / 2) < 2 * 60_000, `${(noon - DAY_MS / 2) / 60_000} minutes off`);
  }
});

Deno.test("a day goes from sleep over MPPT back to sleep, and a limit throttles it", () => {
  const midnight = Date.UTC(2026, 2, 10) - 5.5 * 3_600_000;
  const states = Array.from({ length: 96 }, (_, k) => plantAt(colombo, midnight + k * 900_000, free).state);
  assert.equal(states[0], "sleeping");
  assert.equal(states[50], "mppt");
  assert.equal(states[95], "sleeping");
  const noon = midnight + DAY_MS / 2;
  const limited = plantAt(colombo, noon, { limitPercent: 1, connected: true });
  assert.equal(limited.state, "throttled");
  assert.equal(limited.acWatts, 50);
  assert.equal(plantAt(colombo, noon, { limitPercent: 100, connected: false }).state, "off");
});

Deno.test("a plant that trips shows the fault, the grid's overvoltage and no power, and recovers", () => {
  const plant = { ...colombo, tripsPerDay: 144 };
  const noon = Date.UTC(2026, 2, 10, 6, 40);
  const minutes = Array.from({ length: 60 }, (_, k) => plantAt(plant, noon + k * 30_000, free));
  const faults = minutes.filter((values) => values.state === "fault");
  assert.ok(faults.length > 5 && faults.length < 55);
  for (const values of faults) {
    assert.equal(values.acWatts, 0);
    assert.ok((values.phaseVolts[0] ?? 0) > 250);
  }
});
