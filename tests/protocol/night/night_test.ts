import assert from "node:assert/strict";
import { FADED_W, FADING_MS, hadFaded, isSleepingTime, NEVER_SEEN, nextFading } from "../../../protocol/night/night.ts";

const COLOMBO = { latitude: 6.93, longitude: 79.85 };
/** Sunrise 05:56, sunset 18:28 there on this day (UTC+5:30), by the Astronomical Almanac. */
const colombo = (hour: number, minute = 0) => Date.UTC(2026, 5, 21, hour, minute) - 5.5 * 3_600_000;

Deno.test("an inverter may sleep from an hour before sunset to two hours after sunrise", () => {
  const table: readonly (readonly [number, number, boolean])[] = [
    [12, 0, false],
    [17, 15, false],
    [17, 35, true],
    [19, 0, true],
    [23, 59, true],
    [3, 0, true],
    [7, 45, true],
    [8, 5, false],
  ];
  for (const [hour, minute, asleep] of table) {
    assert.equal(isSleepingTime(COLOMBO, colombo(hour, minute)), asleep, `${hour}:${minute}`);
  }
});

Deno.test("power has faded when it was low for minutes before the silence, not when it broke off", () => {
  const readings = (...powers: readonly number[]) =>
    powers.reduce((fading, power, i) => nextFading(fading, power, i * FADING_MS / 2), NEVER_SEEN);
  const table: readonly (readonly [readonly number[], boolean])[] = [
    [[], false],
    [[0], false],
    [[900, 40, 30, 20], true],
    [[900, FADED_W, FADED_W, FADED_W], true],
    [[40, 30, 900, 0], false],
    [[3000, 0, 0], false],
    [[0, 0, 0, 700], false],
  ];
  for (const [powers, faded] of table) assert.equal(hadFaded(readings(...powers)), faded, powers.join(" "));
});
