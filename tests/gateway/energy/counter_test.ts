import assert from "node:assert/strict";
import { type CounterKind, NEW_COUNTER, readCounter } from "../../../gateway/energy/counter.ts";
import type { Counter } from "../../../gateway/store/port/meter.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KIND: CounterKind = { wrapWh: 2 ** 32, maxPower: 10_000 };

/** What a counter has gained in all, after readings of [minutes, Wh]. */
function gained(readings: readonly (readonly [minutes: number, wh: number])[], kind = KIND) {
  let counter: Counter = NEW_COUNTER;
  let wh = 0;
  for (const [minutes, shown] of readings) {
    const read = readCounter(counter, { at: minutes * MINUTE, wh: shown }, kind);
    counter = read.counter;
    wh += read.gain?.wh ?? 0;
  }
  return { wh, accepted: counter.accepted?.wh };
}

/** Three readings that make a counter believed at 5,000,200 Wh. */
const BELIEVED = [[0, 5_000_000], [1, 5_000_100], [2, 5_000_200]] as const;

Deno.test("the first value is believed when three readings over a minute agree", () => {
  assert.equal(gained([[0, 5_000_000], [1, 5_000_100]]).accepted, undefined);
  assert.deepEqual(gained(BELIEVED), { wh: 200, accepted: 5_000_200 });
  assert.equal(gained([[0, 0], [1, 0], [2, 0], [3, 0]]).accepted, undefined, "0 says nothing");
  assert.equal(gained([[0, 17], [1, 5_000_000], [2, 5_000_100]]).accepted, undefined, "a wrong first one starts anew");
});

Deno.test("a dip to 0, a wake with little and a spike gain nothing, and what came meanwhile is counted after", () => {
  for (
    const wrong of [
      [[10, 0]],
      [[10, 12], [11, 13], [12, 14]],
      [[10, 3_999_999_999]],
      [[10, 4_999_000], [11, 4_999_100]],
    ] as const
  ) {
    assert.deepEqual(gained([...BELIEVED, ...wrong, [60, 5_003_000]]), { wh: 3_000, accepted: 5_003_000 }, `${wrong}`);
  }
});

Deno.test("a full turn of an acc32 is believed after a day and nothing of it is lost; a float that falls is no turn", () => {
  const end = 2 ** 32;
  const turning = [[0, end - 300], [1, end - 200], [2, end - 100], [30, 50], [800, 4_050], [1_480, 9_050]] as const;
  assert.deepEqual(gained(turning.slice(0, 5)), { wh: 200, accepted: end - 100 });
  assert.deepEqual(gained(turning), { wh: 200 + 150 + 9_000, accepted: 9_050 });
  assert.equal(gained(turning, { ...KIND, wrapWh: undefined }).wh, 200 + 9_000);
  const little = [[0, end - 300], [1, end - 200], [2, end - 100], [30, 11], [35, 12], [40, end - 50]] as const;
  assert.equal(gained(little).wh, 250, "it wakes with little just before its turn");
});

Deno.test("a counter that begins anew is believed after a day of growing, and only what it shows more is gained", () => {
  const hours = (count: number) =>
    Array.from({ length: count }, (_, hour) => [60 * (hour + 1), 500 + 100 * hour] as const);
  assert.deepEqual(gained([...BELIEVED, ...hours(24)]), { wh: 200, accepted: 5_000_200 });
  assert.deepEqual(gained([...BELIEVED, ...hours(26)]), { wh: 200 + 2_500, accepted: 3_000 });
  const still = Array.from({ length: 100 }, (_, hour) => [60 * (hour + 1), 500] as const);
  assert.deepEqual(gained([...BELIEVED, ...still]), { wh: 200, accepted: 5_000_200 }, "standing still is no growing");
});

Deno.test("growth is believed as far as the power allows for the time that passed", () => {
  const after = (hours: number, more: number) => gained([...BELIEVED, [2 + 60 * hours, 5_000_200 + more]]).wh - 200;
  assert.equal(after(1, 11_000), 11_000);
  assert.equal(after(1, 11_001), 0);
  assert.equal(after(240, 2_000_000), 2_000_000, "ten days of silence");
});

Deno.test("a reading that is not newer than the believed one changes nothing", () => {
  const accepted = { at: HOUR, wh: 5_000 };
  const counter = { accepted, candidate: undefined };
  for (const at of [HOUR, HOUR - 1, 0]) assert.deepEqual(readCounter(counter, { at, wh: 5_100 }, KIND), { counter });
});
