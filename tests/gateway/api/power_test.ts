import assert from "node:assert/strict";
import { type Fixture, NOW, openFixture } from "./fixture.ts";

async function addWithPower(
  fixture: Fixture,
  device: string,
  inverters: Record<string, number>,
  at = NOW,
): Promise<void> {
  await fixture.ask("POST", "/api/v1/devices", { device_id: device });
  for (const [inverter, watt] of Object.entries(inverters)) {
    await fixture.store({ device, inverter, registers: ["Vac1", "Pac"], samples: [{ at, values: [2300, watt] }] });
  }
}

Deno.test("the power of all is the sum of those that are known, and names the others", async () => {
  await using fixture = await openFixture();
  assert.deepEqual((await fixture.ask("GET", "/api/v1/power")).body, { power_w: null, unknown: [], devices: [] });
  await addWithPower(fixture, "barn", { east: 400, west: 250 });
  await addWithPower(fixture, "garage", {});
  assert.deepEqual((await fixture.ask("GET", "/api/v1/power")).body, {
    power_w: 650,
    unknown: ["garage"],
    devices: [
      {
        device_id: "barn",
        power_w: 650,
        inverters: [
          { inverter: "east", register: "Pac", power_w: 400, time_ms: NOW },
          { inverter: "west", register: "Pac", power_w: 250, time_ms: NOW },
        ],
      },
      { device_id: "garage", power_w: null, inverters: [] },
    ],
  });
});

Deno.test("what a silent device told last is not its power now", async () => {
  await using fixture = await openFixture();
  await addWithPower(fixture, "barn", { east: 400 });
  await fixture.clock.advance(3 * 3_600_000);
  const { body } = await fixture.ask("GET", "/api/v1/power");
  const inverters = [{ inverter: "east", register: "Pac", power_w: 400, time_ms: NOW }];
  assert.deepEqual(body, {
    power_w: null,
    unknown: ["barn"],
    devices: [{ device_id: "barn", power_w: null, inverters }],
  });
});

Deno.test("the power of an inverter that was exchanged counts once, and that of one that is gone not at all", async () => {
  await using fixture = await openFixture();
  await addWithPower(fixture, "barn", { east: 400, west: 250 });
  await fixture.clock.advance(8 * 86_400_000);
  const at = fixture.clock.now();
  const profile = "sunspec:1@40002/66,113@40070/60";
  const watt = new DataView(Float32Array.of(300).buffer).getUint32(0, true);
  await fixture.store({
    device: "barn",
    inverter: "east",
    profile,
    registers: ["113.W"],
    samples: [{ at, values: [watt] }],
  });
  assert.deepEqual((await fixture.ask("GET", "/api/v1/power")).body, {
    power_w: 300,
    unknown: [],
    devices: [{
      device_id: "barn",
      power_w: 300,
      inverters: [{ inverter: "east", register: "113.W", power_w: 300, time_ms: at }],
    }],
  });
});
