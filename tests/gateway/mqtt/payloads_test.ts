import assert from "node:assert/strict";
import { knownProfile } from "../../../profiles/known_profile.ts";
import fc from "fast-check";
import { boardMessage } from "../../../gateway/mqtt/board_payload.ts";
import { createNews, type NewestSample, newestSamples } from "../../../gateway/ingest/newest_sample.ts";
import { stateMessage } from "../../../gateway/mqtt/state_payload.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import type { Profile } from "../../../protocol/profile/register.ts";
import type { Sample } from "../../../protocol/sample.ts";

const AT = Date.UTC(2026, 5, 21, 12);

function newest(registers: readonly string[], values: readonly (number | undefined)[], profile: Profile = ecowatt) {
  const sample = { at: AT, values };
  return {
    device: DeviceId.parse("roof"),
    inverter: "east",
    profile,
    registers,
    sample,
    quality: "exact",
    receivedAt: AT,
  } as const;
}

function registerData(sample: NewestSample): unknown {
  return JSON.parse(boardMessage(sample)?.payload ?? "null")?.register_data;
}

Deno.test("dashboards get every register of the ten-register inverter under the keys they know, in its true scale", () => {
  const all = newest(ecowatt.defaultRegisters, [2305, 17, 5002, 3000, 2950, 70, 65, 551, 80, 4000]);
  assert.deepEqual(registerData(all), {
    REG_VAC1: 2305,
    ac_voltage_readable: "230.5V",
    REG_IAC1: 17,
    ac_current_readable: "1.70A",
    REG_FAC1: 5002,
    ac_frequency_readable: "50.02Hz",
    REG_VPV1: 3000,
    pv_voltage_1_readable: "300.0V",
    REG_VPV2: 2950,
    pv_voltage_2_readable: "295.0V",
    REG_IPV1: 70,
    pv_current_1_readable: "7.00A",
    REG_IPV2: 65,
    pv_current_2_readable: "6.50A",
    REG_TEMP: 551,
    temperature_readable: "55.1°C",
    REG_POW: 80,
    power_readable: "80%",
    REG_PAC: 4000,
    ac_power_readable: "4000W",
  });
});

Deno.test("a register that was not read is not made up", () => {
  assert.deepEqual(registerData(newest(["Vac1", "Pac"], [undefined, 0])), { REG_PAC: 0, ac_power_readable: "0W" });
  assert.equal(boardMessage(newest(["Vac1", "Pac"], [undefined, undefined])), undefined);
  const state = JSON.parse(stateMessage(newest(["Vac1", "Pac"], [undefined, 0])).payload);
  assert.deepEqual(state.registers, { Vac1: null, Pac: 0 });
});

Deno.test("the temperature is that of the first sensor that the inverter has", () => {
  const profile = profileById("sunspec:1@40002/66,101@40070/50");
  assert.ok(profile);
  const registers = ["101.TmpOt", "101.TmpSnk", "101.TmpCab", "101.Tmp_SF"];
  const shown = (values: readonly (number | undefined)[]) => registerData(newest(registers, values, profile));
  assert.deepEqual(shown([99, 4169, undefined, -2]), { REG_TEMP: 417, temperature_readable: "41.7°C" });
  assert.deepEqual(shown([99, 4169, 3500, -2]), { REG_TEMP: 350, temperature_readable: "35.0°C" });
});

Deno.test("an inverter of another kind is shown by its power, voltage, frequency and temperature", () => {
  const profile = profileById("sunspec:1@40002/66,103@40070/50");
  assert.ok(profile);
  const registers = ["103.W", "103.W_SF", "103.PhVphA", "103.V_SF", "103.Hz", "103.Hz_SF"];
  const sample = newest(registers, [451, 1, 2305, -1, 5002, -2], profile);
  assert.deepEqual(registerData(sample), {
    REG_PAC: 4510,
    ac_power_readable: "4510W",
    REG_VAC1: 2305,
    ac_voltage_readable: "230.5V",
    REG_FAC1: 5002,
    ac_frequency_readable: "50.02Hz",
  });
  const { topic, payload, retain } = stateMessage(sample);
  assert.deepEqual([topic, retain], ["ecowatt/roof/east/state", true]);
  assert.deepEqual(JSON.parse(payload), {
    time: "2026-06-21T12:00:00.000Z",
    quality: "exact",
    registers: { "103.W": 4510, "103.PhVphA": 230.5, "103.Hz": 50.02 },
  });
});

function batch(inverter: string, samples: readonly Sample[]) {
  const series = { profile: "ecowatt", registers: ["Pac"], samples };
  return { device: DeviceId.parse("roof"), inverter, series, quality: "exact", receivedAt: AT } as const;
}

Deno.test("of an upload the newest sample of each inverter counts, in whatever order they come", () => {
  fc.assert(fc.property(
    fc.array(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 6 }), { maxLength: 4 }),
    (times) => {
      const batches = times.map((ats, i) => batch(i % 2 === 0 ? "a" : "b", ats.map((at) => ({ at, values: [at] }))));
      for (const name of ["a", "b"]) {
        const ats = batches.filter(({ inverter }) => inverter === name).flatMap(({ series }) => series.samples);
        const found = newestSamples(batches, knownProfile).find(({ inverter }) => inverter === name);
        assert.equal(found?.sample.at, ats.length === 0 ? undefined : Math.max(...ats.map(({ at }) => at)));
      }
    },
  ));
});

Deno.test("what is older than what was shown is no news, unless that lay in the future", () => {
  const isNews = createNews();
  const at = (at: number, receivedAt: number, inverter = "a"): NewestSample => ({
    ...newest(["Pac"], [1]),
    inverter,
    sample: { at, values: [1] },
    receivedAt,
  });
  assert.equal(isNews(at(1_000, 2_000)), true);
  assert.equal(isNews(at(900, 3_000)), false);
  assert.equal(isNews(at(900, 3_000, "b")), true);
  assert.equal(isNews(at(1_000, 3_000)), true);
  assert.equal(isNews(at(9_000_000, 4_000)), true); // a clock that runs ahead
  assert.equal(isNews(at(5_000, 6_000)), true); // and was set
  assert.equal(isNews(at(4_000, 7_000)), false);
});
