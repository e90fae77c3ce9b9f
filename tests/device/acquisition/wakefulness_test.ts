import assert from "node:assert/strict";
import type { Glimpse } from "../../../device/acquisition/glimpse.ts";
import {
  newWakefulness,
  nextWakefulness,
  type Surroundings,
  type Wakefulness,
} from "../../../device/acquisition/wakefulness.ts";
import { LONGEST_SLEEP_MS } from "../../../protocol/night/night.ts";

const MIN = 60_000;
/** What happens, a minute apart: an answer with power and SunSpec's state, silence, or a line that is gone. */
type Happening = { readonly power?: number; readonly status?: number } | "silent" | "line";

function after(happenings: readonly Happening[], around: Partial<Surroundings>, before?: Wakefulness): Wakefulness {
  return happenings.reduce<Wakefulness>((known, happening, i) => {
    const at = i * MIN;
    const glimpse: Glimpse = typeof happening === "string"
      ? { kind: "silent", at, message: "test silence", line: happening === "line" }
      : { kind: "seen", at, ...happening };
    return nextWakefulness(known, glimpse, { sleepingTime: undefined, serial: false, ...around });
  }, before ?? newWakefulness(0));
}

const times = (count: number, happening: Happening) => Array.from({ length: count }, () => happening);
const DAY = { sleepingTime: false }, NIGHT = { sleepingTime: true }, UNKNOWN = {};
const DUSK: readonly Happening[] = [{ power: 300 }, ...times(8, { power: 20 })];

const TABLE: readonly (readonly [string, readonly Happening[], Partial<Surroundings>, string, number?])[] = [
  ["answers", [{ power: 900 }], UNKNOWN, "ok"],
  ["answers without power by night", [{}], NIGHT, "ok"],
  ["gives nothing by night", [{ power: 0 }], NIGHT, "asleep"],
  ["gives nothing by day", [{ power: 0 }], DAY, "ok"],
  ["gives nothing, nobody knows the sun", [{ power: 0 }], UNKNOWN, "ok"],
  ["says that it is off", [{ power: 0, status: 1 }], DAY, "asleep"],
  ["says that it sleeps", [{ power: 0, status: 2 }], UNKNOWN, "asleep"],
  ["says that it is on standby", [{ power: 0, status: 8 }], DAY, "ok"],
  ["reports a fault", [{ power: 900 }, { power: 0, status: 7 }], NIGHT, "fault", 1],
  ["missed one poll", [{ power: 900 }, "silent"], DAY, "ok"],
  ["missed two polls", [{ power: 900 }, "silent", "silent"], DAY, "ok"],
  ["is silent by day", [{ power: 900 }, ...times(3, "silent")], DAY, "fault", 1],
  ["is silent by night", [{ power: 900 }, ...times(3, "silent")], NIGHT, "asleep", 1],
  ["was never heard, by night", times(5, "silent"), NIGHT, "asleep", 0],
  ["was never heard, by day", times(5, "silent"), DAY, "fault", 0],
  ["was never heard, nobody knows the sun", times(5, "silent"), UNKNOWN, "stale", 0],
  ["was never heard over a network that is gone, nobody knows the sun", times(5, "line"), UNKNOWN, "stale", 0],
  ["was never heard as its serial adapter is gone", times(5, "line"), { ...UNKNOWN, serial: true }, "fault", 0],
  ["was never heard, then answered", [...times(5, "silent"), { power: 900 }], UNKNOWN, "ok", 5],
  [
    "was never heard, answered, broke off",
    [...times(5, "silent"), { power: 900 }, ...times(3, "silent")],
    UNKNOWN,
    "fault",
    6,
  ],
  ["faded before it went silent", [...DUSK, ...times(3, "silent")], UNKNOWN, "asleep", DUSK.length],
  ["faded, by a clear day", [...DUSK, ...times(3, "silent")], DAY, "fault", DUSK.length],
  ["broke off", [{ power: 900 }, { power: 0 }, ...times(3, "silent")], UNKNOWN, "fault", 2],
  ["slept before it went silent", [{ power: 0, status: 2 }, ...times(3, "silent")], UNKNOWN, "asleep", 0],
  ["woke up and went silent", [{ status: 2 }, { power: 90, status: 4 }, ...times(3, "silent")], UNKNOWN, "fault", 2],
  ["lost its network by night", times(5, "line"), NIGHT, "asleep"],
  ["lost its serial adapter by night", times(5, "line"), { ...NIGHT, serial: true }, "fault"],
  ["came back", [...times(5, "silent"), { power: 900 }], DAY, "ok", 5],
];

for (const [what, happenings, around, state, sinceMinute] of TABLE) {
  Deno.test(`an inverter that ${what} is ${state}`, () => {
    const known = after(happenings, around);
    assert.equal(known.state, state, known.reason);
    if (sinceMinute !== undefined) assert.equal(known.since, sinceMinute * MIN);
  });
}

Deno.test("polls in quick succession are no reason to call silence a fault", () => {
  let known = newWakefulness(0);
  for (let at = 0; at < 29_000; at += 1_000) {
    known = nextWakefulness(known, { kind: "silent", at, message: "", line: false }, { ...DAY, serial: false });
  }
  assert.equal(known.state, "ok");
});

Deno.test("who never answered for longer than any night is at fault, and stays so", () => {
  const unheard = after(times(5, "silent"), UNKNOWN);
  const silentAt = (known: Wakefulness, at: number) =>
    nextWakefulness(known, { kind: "silent", at, message: "", line: false }, {
      sleepingTime: undefined,
      serial: false,
    });
  assert.equal(silentAt(unheard, LONGEST_SLEEP_MS - 1).state, "stale");
  const fault = silentAt(unheard, LONGEST_SLEEP_MS);
  assert.equal(fault.state, "fault");
  assert.equal(silentAt(fault, LONGEST_SLEEP_MS + MIN).state, "fault");
});

Deno.test("nobody sleeps for longer than any night, where nobody knows the sun", () => {
  const asleep = after([...DUSK, ...times(3, "silent")], UNKNOWN);
  const later = (at: number) =>
    nextWakefulness(asleep, { kind: "silent", at, message: "", line: false }, {
      sleepingTime: undefined,
      serial: false,
    });
  assert.equal(later(asleep.since + LONGEST_SLEEP_MS - 1).state, "asleep");
  assert.equal(later(asleep.since + LONGEST_SLEEP_MS).state, "fault");
});

Deno.test("who is still silent when the day has come is at fault", () => {
  const asleep = after(times(5, "silent"), NIGHT);
  assert.equal(after(times(3, "silent"), DAY, asleep).state, "fault");
});
