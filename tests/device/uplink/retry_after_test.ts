import assert from "node:assert/strict";
import { retryAfterMs } from "../../../device/uplink/retry_after.ts";

Deno.test("Retry-After is read as seconds or as a date, anything else is no wish", () => {
  const now = Date.parse("2026-06-21T12:00:00Z");
  const table: [string | null, number | undefined][] = [
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7_000],
    ["Sun, 21 Jun 2026 12:01:00 GMT", 60_000],
    ["Sun, 21 Jun 2026 11:00:00 GMT", 0],
    ["-1", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["99999999999999", undefined],
    ["", undefined],
    [null, undefined],
  ];
  for (const [header, wish] of table) assert.equal(retryAfterMs(header, now), wish, String(header));
});
