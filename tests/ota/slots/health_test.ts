import assert from "node:assert/strict";
import { type Health, type Lack, missing } from "../../../ota/slots/health.ts";

const WELL: Health = { polled: true, reached: true, stored: true };
const SOAK_MS = 60_000;

const table: readonly (readonly [string, Health, number, boolean, readonly Lack[]])[] = [
  ["does everything for long enough", WELL, SOAK_MS, true, []],
  ["has run a moment too short", WELL, SOAK_MS - 1, true, ["not_run_long_enough"]],
  ["stores nothing", { ...WELL, stored: false }, SOAK_MS, true, ["nothing_stored"]],
  ["does not reach the gateway", { ...WELL, reached: false }, SOAK_MS, true, ["gateway_not_reached"]],
  ["reads no inverter", { ...WELL, polled: false }, SOAK_MS, true, ["no_inverter_answered"]],
  ["reads no inverter where none answered before", { ...WELL, polled: false }, SOAK_MS, false, []],
  ["does nothing", { polled: false, reached: false, stored: false }, 0, true, [
    "no_inverter_answered",
    "gateway_not_reached",
    "nothing_stored",
    "not_run_long_enough",
  ]],
];
for (const [name, health, upMs, invertersAnswered, lacks] of table) {
  Deno.test(`an image that ${name} lacks: ${lacks.join(", ") || "nothing"}`, () => {
    assert.deepEqual(missing(health, upMs, { invertersAnswered, soakMs: SOAK_MS }), lacks);
  });
}
