import assert from "node:assert/strict";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { badName, familiesOf } from "../../fakes/prometheus.ts";
import { NOW } from "../api/fixture.ts";
import { page, site } from "./site.ts";

Deno.test("the latest values are told in base units, and what is unknown is not told", async () => {
  await using f = await site();
  const lines = (await page(f)).split("\n");
  const value = (name: string) => lines.find((line) => line.startsWith(`ecowatt_${name} `))?.split(" ").at(-1);
  const roof = 'device="roof",inverter="inverter"', south = 'device="farm",inverter="south"';
  const pac = 100 + ecowatt.registers.findIndex(({ name }) => name === "Pac");
  assert.equal(value(`ac_power_watts{${roof}}`), String(pac));
  assert.equal(value(`phase_voltage_volts{${roof},phase="l1"}`), "10");
  assert.equal(
    value(`power_limit_ratio{${roof}}`),
    String(0.01 * (100 + ecowatt.registers.findIndex(({ name }) => name === "Pow"))),
  );
  assert.equal(value(`ac_power_watts{${south}}`), "-300");
  assert.equal(value(`phase_voltage_volts{${south},phase="l2"}`), "230.1");
  assert.equal(value(`energy_joules_total{${south}}`), String(1_234_000 * 3_600));
  assert.equal(value(`energy_watthours_total{${south}}`), "1234000");
  assert.equal(value('data_age_seconds{device="roof"}'), "4");
  assert.deepEqual(lines.filter((line) => line.includes("mppt_power") && line.includes("farm")), [], "no scale factor");
  assert.deepEqual(lines.filter((line) => line.includes('"new"') && !/_(up|state)\{/.test(line)), []);
  assert.equal(value('device_up{device="new"}'), "0");
  assert.equal(value('device_state{device="new",state="stale"}'), "1");
  assert.ok(!lines.some((line) => line.startsWith("ecowatt_mqtt")), "there is no broker");
});

Deno.test("values of a device that is not heard of any more are unknown, its energy is not lost", async () => {
  await using f = await site();
  await f.clock.advance(6 * 3_600_000);
  const text = await page(f);
  assert.doesNotMatch(text, /ac_power_watts/);
  assert.match(text, /energy_joules_total\{device="farm"/);
  assert.match(text, /data_age_seconds\{device="roof"\} 21604\n/);
});

Deno.test("the page needs a viewer's token, from this machine as well", async () => {
  await using f = await site();
  assert.equal((await f.send(undefined, "GET", "/metrics")).status, 401);
  for (const address of ["127.0.0.1", "::1"]) {
    assert.equal((await f.app.request("/metrics", {}, { address })).status, 401);
  }
});

Deno.test("every metric has a help, a type, our prefix and a base unit", async () => {
  await using f = await site();
  const families = familiesOf(await page(f));
  assert.ok(families.size >= 20);
  const bad = [...families].map(([name, type]) => badName(name, type)).filter((why) => why !== undefined);
  assert.deepEqual(bad, []);
});

Deno.test("a device with many series is read a part at a time: others get their turn in between", async () => {
  await using f = await site();
  for (let n = 0; n < 120; n++) {
    const samples = [{ at: NOW - 4_000, values: [n] }];
    await f.store({ device: "roof", inverter: `i${n}`, registers: ["Pac"], samples });
  }
  let turns = 0;
  f.clock.sleep = () => {
    turns++;
    return Promise.resolve();
  };
  const text = await page(f);
  assert.equal(turns, 4);
  const powers = text.split("\n").filter((line) => line.startsWith('ecowatt_ac_power_watts{device="roof"'));
  assert.equal(powers.length, 121);
  assert.ok(powers.includes('ecowatt_ac_power_watts{device="roof",inverter="i119"} 119'));
});
