import assert from "node:assert/strict";
import { Daybreak } from "../../../device/acquisition/daybreak.ts";
import { noneWithheld, type Poll } from "../../../device/inverter/poll.ts";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import { formatMapId } from "../../../protocol/profile/sunspec/map_id.ts";

const MINUTE = 60_000;
const MIDNIGHT = Date.UTC(2026, 5, 21, 18, 30);
const inverter = profileById(formatMapId([{ model: 103, address: 40_070, length: 50 }]));

/** How often the day began, for an inverter that gives so many watts in such a state, a minute apart. */
function daysIn(...glimpses: readonly (readonly [watts: number | undefined, state?: number])[]): number {
  let days = 0, now = MIDNIGHT;
  const daybreak = new Daybreak({ location: undefined, clock: { now: () => now }, begins: () => days++ });
  for (const [watts, state] of glimpses) {
    daybreak.polled({ poll: pollOf(now, watts, state), beganAt: now });
    now += MINUTE;
  }
  return days;
}

function pollOf(at: number, watts: number | undefined, state: number | undefined): Poll {
  assert.ok(inverter);
  const columns = ["103.W", "103.W_SF", "103.St"], values = [watts, 0, state];
  return { kind: "read", at, profile: inverter, columns, values, withheld: noneWithheld() };
}

const faded = Array.from({ length: 6 }, () => [0, 8] as const);

Deno.test("the day begins once, when power is back after minutes without, not when it broke off for a moment", () => {
  assert.equal(daysIn([900], ...faded, [800], [900]), 1);
  assert.equal(daysIn([900], [0], [900]), 0);
  assert.equal(daysIn([900], [900]), 0);
});

Deno.test("the day begins when a state says that the inverter starts, also before it gives power", () => {
  for (const state of [3, 4, 5]) assert.equal(daysIn([0, 8], [0, state]), 1, `state ${state}`);
  assert.equal(daysIn([0, 2], [0, 8]), 0, "standby is no day");
  assert.equal(daysIn([900, 4], [900, 5], [900, 4]), 0, "nor is a limit that comes and goes");
  assert.equal(daysIn([undefined], [undefined, 4]), 0, "nothing was known before");
});

Deno.test("silence is no sign, and hides none", () => {
  let days = 0, now = MIDNIGHT;
  const colombo = { latitude: 6.93, longitude: 79.85 };
  const daybreak = new Daybreak({ location: colombo, clock: { now: () => now }, begins: () => days++ });
  const silent = (): Poll => ({
    kind: "nothing",
    at: now,
    withheld: noneWithheld(),
    fault: { kind: "timeout", message: "no answer", waitedMs: 300, attempts: 2 },
  });
  const hours = (count: number) => {
    for (const end = now + count * 60 * MINUTE; now < end; now += MINUTE) {
      daybreak.polled({ poll: silent(), beganAt: now });
    }
  };
  hours(5);
  assert.equal(days, 0, "five in the morning");
  hours(24);
  assert.equal(days, 1, "the sun came up once");
});
