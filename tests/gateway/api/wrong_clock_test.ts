import assert from "node:assert/strict";
import { knownProfile } from "../../../profiles/known_profile.ts";
import { createNews, newestSamples } from "../../../gateway/ingest/newest_sample.ts";
import type { SampleBatch } from "../../../gateway/store/port/sample_batch.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { at, type Fixture, NOW, openFixture } from "./fixture.ts";

const SECOND = 1_000, HOUR = 3_600_000, DAY = 24 * HOUR;

/** Stores the power of one inverter at a time that its node believes in; it comes now. */
function store(fixture: Fixture, watt: number, time: number, registers = ["Pac"]): Promise<void> {
  const values = registers.map((name) => name === "Pac" ? watt : 2_300);
  return fixture.store({ device: "barn", registers, samples: [{ at: time, values }] });
}

async function shown(fixture: Fixture) {
  const latest = await fixture.ask("GET", "/api/v1/devices/barn/latest?registers=Pac");
  const power = await fixture.ask("GET", "/api/v1/power");
  const { body } = await fixture.ask("GET", "/api/v1/devices/barn");
  return {
    value: at(latest.body, "values", 0, "value"),
    time: at(latest.body, "values", 0, "time_ms"),
    power: at(power.body, "power_w"),
    lastSample: at(body, "last_sample_ms"),
  };
}

Deno.test("a clock that was ahead hides nothing of what is true now, in the same series or another", async () => {
  for (const registers of [["Pac"], ["Pac", "Vac1"]]) {
    await using fixture = await openFixture();
    await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
    await store(fixture, 900, NOW + 9 * DAY);
    await fixture.clock.advance(10 * SECOND);
    await store(fixture, 1_000, NOW + 2 * DAY);
    const ahead = { value: 1_000, time: NOW + 10 * SECOND, power: 1_000, lastSample: NOW + 10 * SECOND };
    assert.deepEqual(await shown(fixture), ahead, "less far ahead, and newer");
    await fixture.clock.advance(10 * SECOND);
    const now = fixture.clock.now();
    await store(fixture, 2_000, now, registers);
    assert.deepEqual(await shown(fixture), { value: 2_000, time: now, power: 2_000, lastSample: now });
    await fixture.clock.advance(3 * DAY);
    const later = fixture.clock.now();
    await store(fixture, 3_000, later, registers);
    await store(fixture, 10, NOW - HOUR, registers); // what was kept through an outage
    assert.deepEqual(await shown(fixture), { value: 3_000, time: later, power: 3_000, lastSample: later });
  }
});

Deno.test("what is told as news follows what came, however far ahead a clock was", () => {
  const batch = (times: readonly number[], receivedAt: number): SampleBatch => ({
    device: DeviceId.parse("barn"),
    inverter: "east",
    series: { profile: "ecowatt", registers: ["Pac"], samples: times.map((at, k) => ({ at, values: [k] })) },
    quality: "exact",
    receivedAt,
  });
  const isNews = createNews();
  const tell = (batches: readonly SampleBatch[]) =>
    newestSamples(batches, knownProfile).filter(isNews).map(({ sample }) => sample);
  assert.deepEqual(tell([batch([NOW + 2 * DAY, NOW + DAY], NOW)]), [{ at: NOW, values: [1] }]);
  const both = [batch([NOW + 2 * DAY], NOW + SECOND), batch([NOW + SECOND], NOW + SECOND)];
  assert.deepEqual(tell(both), [{ at: NOW + SECOND, values: [0] }]);
  const afterwards = NOW + 3 * DAY;
  assert.equal(tell([batch([afterwards], afterwards)]).length, 1);
  assert.deepEqual(tell([batch([NOW + DAY], afterwards)]), [], "history");
});

Deno.test("no day before the device existed gets energy from a clock that was not set", async () => {
  await using fixture = await openFixture();
  await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
  const minutes = (from: number) => Array.from({ length: 10 }, (_, k) => ({ at: from + 60_000 * k, values: [600] }));
  const counted = (from: number, wh: number) =>
    Array.from({ length: 5 }, (_, k) => ({ at: from + 60_000 * k, values: [600, 0, wh + 10 * k, 0] }));
  const sunspec = {
    device: "barn",
    inverter: "counter",
    profile: "sunspec:1@40002/66,103@40070/50",
    registers: ["103.W", "103.W_SF", "103.WH", "103.WH_SF"],
  };
  for (const wrong of [20 * SECOND, NOW - 200 * DAY]) {
    await fixture.store({ device: "barn", registers: ["Pac"], samples: minutes(wrong) });
    await fixture.store({ ...sunspec, samples: counted(wrong, wrong === 20 * SECOND ? 5_000 : 5_050) });
  }
  await fixture.store({ device: "barn", registers: ["Pac"], samples: minutes(NOW - 10 * 60_000) });
  await fixture.store({ ...sunspec, samples: counted(NOW - 10 * 60_000, 5_100) });
  const { body } = await fixture.ask("GET", "/api/v1/devices/barn/energy?days=366");
  const ofPower = 90, ofCounter = 10 + 40; // the counter also tells what it grew by while the clock was wrong
  assert.deepEqual(at(body, "days"), [{ day: "2026-06-21", wh: ofPower + ofCounter, not_counted_wh: 0 }]);
});
