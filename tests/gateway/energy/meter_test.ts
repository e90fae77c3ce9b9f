import assert from "node:assert/strict";
import { advance, type MeterReading } from "../../../gateway/energy/meter.ts";
import type { Meter } from "../../../gateway/store/port/meter.ts";

const MINUTE = 60_000, HOUR = 60 * MINUTE;

/** Feeds readings of [minute, W, Wh] one upload each, and gives what is known after each. */
function feed(
  readings: readonly (readonly [minute: number, w?: number, wh?: number])[],
  hasCounter = true,
  start?: Meter,
) {
  const shown: (number | undefined)[] = [];
  let meter = start;
  for (const [minute, w, wh] of readings) {
    const at = minute * MINUTE;
    const reading: MeterReading = { at, w, wh };
    meter = advance(meter, { readings: [reading], hasCounter, wrapWh: undefined, receivedAt: at }).meter;
    shown.push(meter.lifetimeWh);
  }
  assert.ok(meter);
  return { meter, shown };
}

const BELIEVED = [[0, 600, 5_000], [1, 600, 5_010], [2, 600, 5_020]] as const;

Deno.test("the total is the counter's own, and unknown before it is believed", () => {
  assert.deepEqual(feed([[0, 0, 0], ...BELIEVED.map(([m, w, wh]) => [m + 1, w, wh] as const)]).shown, [
    undefined,
    undefined,
    undefined,
    5_020,
  ]);
});

Deno.test("a counter that is not polled any more is followed by the power, and back, with nothing counted twice", () => {
  const first = feed(BELIEVED);
  const second = feed([[10, 600], [20, 600]], false, first.meter);
  assert.deepEqual([second.meter.source, second.meter.lifetimeWh], ["computed", 5_020 + 100]);
  const third = feed([[30, 600, 5_300], [31, 600, 5_310], [32, 600, 5_320]], true, second.meter);
  assert.deepEqual([third.meter.source, third.meter.lifetimeWh], ["counter", 5_120 + 20]);
});

Deno.test("a counter that never shows anything is none: after a day the power is counted", () => {
  const polls = (from: number, to: number) =>
    Array.from({ length: (to - from) / 10 }, (_, k) => [from + 10 * k, 600] as const);
  const day = feed(polls(0, 24 * 60));
  assert.equal(day.meter.lifetimeWh, undefined);
  const { meter } = feed(polls(24 * 60, 25 * 60 + 10), true, day.meter);
  assert.deepEqual([meter.source, Math.round(meter.lifetimeWh ?? -1)], ["computed", 600]);
});

Deno.test("samples from the future are taken for now, so that they do not keep out what follows", () => {
  const receivedAt = 10 * HOUR;
  const ahead = { at: 1_000 * HOUR, w: 600, wh: 5_030 };
  const { meter } = advance(feed(BELIEVED).meter, {
    readings: [ahead],
    hasCounter: true,
    wrapWh: undefined,
    receivedAt,
  });
  assert.ok(meter.at <= receivedAt + 5 * MINUTE);
  const { shown } = feed([[11 * 60, 600, 5_100]], true, meter);
  assert.deepEqual(shown, [5_100]);
});

Deno.test("readings of an upload may come in any order", () => {
  const readings = [2, 0, 1].map((minute) => ({ at: minute * MINUTE, w: 600, wh: 5_000 + minute }));
  const { meter } = advance(undefined, { readings, hasCounter: true, wrapWh: undefined, receivedAt: HOUR });
  assert.equal(meter.lifetimeWh, 5_002);
});
