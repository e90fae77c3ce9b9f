import assert from "node:assert/strict";
import fc from "fast-check";
import { GatewayConfig } from "../../../gateway/config.ts";
import { localDays, shares } from "../../../gateway/energy/local_days.ts";

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);

Deno.test("a day begins at the zone's midnight and has 23 or 25 hours when clocks change", () => {
  for (
    const [zone, moment, name, start, hours] of [
      ["UTC", "2026-06-21T12:00:00Z", "2026-06-21", "2026-06-21T00:00:00Z", 24],
      ["Europe/Berlin", "2026-06-21T22:30:00Z", "2026-06-22", "2026-06-21T22:00:00Z", 24],
      ["Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29", "2026-03-28T23:00:00Z", 23],
      ["Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25", "2026-10-24T22:00:00Z", 25],
      ["Asia/Kolkata", "2026-06-21T19:00:00Z", "2026-06-22", "2026-06-21T18:30:00Z", 24],
      ["America/St_Johns", "2026-01-10T02:00:00Z", "2026-01-09", "2026-01-09T03:30:00Z", 24],
    ] as const
  ) {
    const day = localDays(zone)(at(moment));
    assert.deepEqual(day, { name, start: at(start), end: at(start) + hours * HOUR }, `${zone} ${moment}`);
  }
});

Deno.test("every moment lies in its day, and days follow each other without a gap", () => {
  const moment = fc.integer({ min: at("2020-01-01"), max: at("2035-01-01") });
  fc.assert(
    fc.property(moment, fc.constantFrom("Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"), (at, zone) => {
      const days = localDays(zone);
      const day = days(at);
      assert.ok(day.start <= at && at < day.end);
      assert.equal(days(day.end).start, day.end);
      assert.equal(days(day.start - 1).end, day.start);
    }),
    { numRuns: 30 },
  );
});

Deno.test("energy of a span is shared among its days by time and none of it is lost", () => {
  const span = { from: at("2026-06-21T18:00:00Z"), to: at("2026-06-23T06:00:00Z"), wh: 36 };
  assert.deepEqual([...shares(span, localDays("UTC"))], [
    { day: "2026-06-21", wh: 6 },
    { day: "2026-06-22", wh: 24 },
    { day: "2026-06-23", wh: 6 },
  ]);
});

Deno.test("energy of a span that began in 1970 goes to the days of its last year", () => {
  const span = { from: 1_000, to: at("2026-11-24T12:00:00Z"), wh: 20 };
  const shared = [...shares(span, localDays("UTC"))];
  assert.equal(shared.length, 367);
  assert.deepEqual([shared[0]?.day, shared.at(-1)?.day], ["2025-11-23", "2026-11-24"]);
  assert.ok(Math.abs(shared.reduce((sum, { wh }) => sum + wh, 0) - 20) < 1e-9);
});

Deno.test("a time zone is one that the machine knows", () => {
  const takes = (time_zone: string) => GatewayConfig.safeParse({ time_zone }).success;
  assert.deepEqual(["UTC", "Europe/Berlin", "Europe/Nowhere", ""].map(takes), [true, true, false, false]);
});
