import assert from "node:assert/strict";
import { quantity } from "../../../gateway/dashboard/page/components/quantity_text.ts";
import { dayOf, durationText, localTimes, relativeTime } from "../../../gateway/dashboard/page/components/time_text.ts";
import { axisTexts, rangeOf } from "../../../gateway/dashboard/page/pages/device/axis.ts";
import { rangeFor } from "../../../gateway/dashboard/page/pages/device/range.ts";

const HOUR = 3_600_000;

Deno.test("quantities are told with the prefix and the digits that people read", () => {
  const cases: readonly (readonly [number, string, string])[] = [
    [0, "W", "0 W"],
    [999, "W", "999 W"],
    [3_250, "W", "3.25 kW"],
    [-12_345, "W", "-12.3 kW"],
    [21_218_000, "W", "21.2 MW"],
    [4_560_000_000, "Wh", "4.56 GWh"],
    [1_500, "V", "1500.0 V"],
    [50.019, "Hz", "50.02 Hz"],
  ];
  for (const [value, unit, text] of cases) assert.equal(quantity(value, unit).join(" "), text);
});

Deno.test("an axis has one unit, and digits that tell its ticks apart", () => {
  assert.deepEqual(axisTexts([0, 1_000, 2_000], "W"), ["0 kW", "1 kW", "2 kW"]);
  assert.deepEqual(axisTexts([3_500, 4_000, 4_500], "W"), ["3.5 kW", "4.0 kW", "4.5 kW"]);
  assert.deepEqual(axisTexts([49.95, 50, 50.05], "Hz"), ["49.95 Hz", "50.00 Hz", "50.05 Hz"]);
  assert.deepEqual(axisTexts([7], ""), ["7"]);
});

Deno.test("power stands on zero, a voltage has room around it, and noise does not fill the chart", () => {
  assert.deepEqual(rangeOf(4_058, 4_100, "W").map(Math.round), [0, 4_346]);
  assert.deepEqual(rangeOf(0, 0, "W"), [0, 1]);
  assert.deepEqual(rangeOf(null, null, "V"), [0, 1]);
  const [from, to] = rangeOf(229.9, 230.1, "V");
  assert.ok(from < 229 && to > 231, `${from} to ${to}`);
  const [low, high] = rangeOf(200, 250, "V");
  assert.ok(low < 200 && low > 190 && high > 250 && high < 260, `${low} to ${high}`);
});

Deno.test("a chart begins with a range in which there is something to see", () => {
  const now = 400 * 24 * HOUR;
  const of = (age: number | null, since = now) =>
    rangeFor({ created_at_ms: now - since, last_sample_ms: age === null ? null : now - age }, now);
  assert.deepEqual(
    [of(0, HOUR), of(null), of(5 * HOUR), of(30 * HOUR), of(200 * HOUR), of(1_000 * HOUR)],
    ["1h", "24h", "24h", "7d", "30d", "1y"],
  );
});

Deno.test("times are told as people say them, and those in the gateway's texts in the reader's zone", () => {
  assert.deepEqual([1_000, 60_000, 90 * 60_000, 49 * HOUR].map(durationText), [
    "1 second",
    "1 minute",
    "1 hour",
    "2 days",
  ]);
  assert.equal(durationText(-5_000), "0 seconds");
  assert.deepEqual([relativeTime(0, 1_000), relativeTime(0, 120_000)], ["now", "2 min. ago"]);
  const zones = [Intl.DateTimeFormat().resolvedOptions().timeZone, "Pacific/Kiritimati", "Pacific/Pago_Pago"];
  const [own, ...far] = zones.map((zone) => dayOf(zone, 0));
  assert.equal(own, "");
  assert.ok(far.some((text) => /^The day in Pacific\/\w+$/.test(text)), String(far));
  const text = localTimes("it was last heard of at 2026-11-28T03:53:25.123Z, by chance");
  assert.match(text, /^it was last heard of at \d+ \w{3} 2026, \d\d:\d\d:25, by chance$/);
});
