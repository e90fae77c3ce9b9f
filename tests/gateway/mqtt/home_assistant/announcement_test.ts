import assert from "node:assert/strict";
import fc from "fast-check";
import { deviceAnnouncement } from "../../../../gateway/mqtt/home_assistant/device_announcement.ts";
import {
  configPayload,
  configTopic,
  type DeviceAnnouncement,
} from "../../../../gateway/mqtt/home_assistant/discovery.ts";
import { deviceId, entityKey, inverterId } from "../../../../gateway/mqtt/home_assistant/ids.ts";
import { inverterAnnouncement } from "../../../../gateway/mqtt/home_assistant/inverter_announcement.ts";
import { DeviceId } from "../../../../protocol/device_id.ts";
import { profileById } from "../../../../protocol/profile/catalogue.ts";
import type { Profile } from "../../../../protocol/profile/register.ts";
import { DeviceDiscovery, DISCOVERY_TOPIC, entitiesOf } from "./schema.ts";

const ORIGIN = { version: "1.2.3", availability: "ecowatt/gateway/status" };
const MAPS = [
  "ecowatt",
  ...[101, 102, 103].map((model) =>
    `sunspec:1@40002/66,${model}@40070/50,120@40122/26,121@40150/30,122@40182/44,123@40228/24,160@40254/88`
  ),
  ...[111, 112, 113].map((model) => `sunspec:1@40002/66,${model}@40070/60,123@40132/24,160@40158/48`),
];

function profileOf(id: string): Profile {
  const profile = profileById(id);
  assert.ok(profile, id);
  return profile;
}

function parsed(announcement: DeviceAnnouncement, removed = {}): DeviceDiscovery {
  assert.match(configTopic("homeassistant", announcement.id), DISCOVERY_TOPIC);
  return DeviceDiscovery.parse(JSON.parse(configPayload(announcement, ORIGIN, removed)));
}

function inverter(profile: Profile, registers: readonly string[], options = {}) {
  const announced = { device: "roof.west", inverter: "a_1", profile, registers, expireAfter: 2700 };
  return parsed(inverterAnnouncement(announced, { powerLimit: true, ...options }));
}

for (const id of MAPS) {
  Deno.test(`every register of ${id.slice(0, 48)} is an entity that Home Assistant takes`, () => {
    const profile = profileOf(id);
    const all = inverter(profile, profile.registers.map(({ name }) => name));
    const entities = entitiesOf(all);
    assert.equal(new Set(entities.map(({ uniq_id }) => uniq_id)).size, entities.length, "unique ids");
    assert.equal(new Set(entities.map(({ name }) => name)).size, entities.length, "unique names");
    assert.equal(all.avty_t, "ecowatt/gateway/status");
    assert.equal(all.dev.via_device, deviceId("roof.west"));
    const few = entitiesOf(inverter(profile, profile.defaultRegisters)).map(({ key }) => key);
    assert.ok(["lifetime", "today", "problem"].every((key) => few.includes(key)));
    assert.equal(few.includes("power_limit"), profile.powerLimit !== undefined);
  });
}

Deno.test("the energy of today says in its attributes what is not counted of it", () => {
  const ecowatt = profileOf("ecowatt");
  const today = entitiesOf(inverter(ecowatt, ecowatt.defaultRegisters)).find(({ key }) => key === "today");
  assert.match(today?.json_attr_tpl ?? "", /'not_counted_kwh': value_json\.today_not_counted_kwh/);
  assert.equal(today?.json_attr_t, "ecowatt/roof.west/a_1/energy");
});

Deno.test("registers have the class, state class and unit of what they measure", () => {
  const registers = (id: string) => profileOf(id).registers.map(({ name }) => name);
  const all = [MAPS[0], MAPS[3]].flatMap((id = "") => entitiesOf(inverter(profileOf(id), registers(id))));
  for (
    const [key, dev_cla, stat_cla, unit] of [
      ["Pac", "power", "measurement", "W"],
      ["Vac1", "voltage", "measurement", "V"],
      ["Ipv1", "current", "measurement", "A"],
      ["Fac1", "frequency", "measurement", "Hz"],
      ["Temp", "temperature", "measurement", "°C"],
      [entityKey("103.VA"), "apparent_power", "measurement", "VA"],
      [entityKey("103.VAr"), "reactive_power", "measurement", "var"],
      [entityKey("103.PF"), "power_factor", "measurement", "%"],
      [entityKey("160.1.DCW"), "power", "measurement", "W"],
      [entityKey("103.St"), "enum", undefined, undefined],
      [entityKey("160.1.DCWH"), "energy", undefined, "Wh"],
      ["lifetime", "energy", "total_increasing", "kWh"],
      ["today", "energy", "total_increasing", "kWh"],
    ] as const
  ) {
    const entity = all.find((entity) => entity.key === key);
    assert.ok(entity?.p === "sensor", key);
    assert.deepEqual([entity.dev_cla, entity.stat_cla, entity.unit_of_meas], [dev_cla, stat_cla, unit], key);
    assert.equal(entity.exp_aft, ["lifetime", "today", entityKey("160.1.DCWH")].includes(key) ? undefined : 2700, key);
  }
});

Deno.test("scale factors, the raw counter and the limit's register are no sensors; the limit is a number", () => {
  const profile = profileOf(MAPS[3] ?? "");
  const entities = entitiesOf(inverter(profile, profile.registers.map(({ name }) => name)));
  for (const name of ["103.W_SF", "103.WH", "123.WMaxLimPct"]) {
    assert.equal(entities.some(({ val_tpl }) => val_tpl?.includes(`'${name}'`)), false, name);
  }
  const limit = entities.find(({ key }) => key === "power_limit");
  assert.ok(limit?.p === "number");
  assert.deepEqual([limit.min, limit.max, limit.step, limit.unit_of_meas, limit.ent_cat], [0, 100, 1, "%", "config"]);
  assert.equal(limit.cmd_t, "ecowatt/roof.west/a_1/power_limit/set");
  const without = inverter(profile, profile.defaultRegisters, { powerLimit: false });
  assert.equal(entitiesOf(without).some(({ p }) => p === "number"), false);
});

Deno.test("a device has diagnostics and its firmware, which is installed only where that is allowed", () => {
  const device = { deviceId: DeviceId.parse("roof"), model: "ecowatt-node" };
  const link = "http://solar.local:8080/";
  const shut = parsed(deviceAnnouncement(device, { install: false, version: "1.4.0", link }));
  assert.deepEqual(shut.dev, {
    ids: ["ecowatt_roof"],
    name: "roof",
    mdl: "ecowatt-node",
    sn: "roof",
    sw: "1.4.0",
    cu: link,
  });
  const entities = entitiesOf(shut);
  assert.deepEqual(entities.map(({ key, p, ent_cat }) => [key, p, ent_cat]), [
    ["connectivity", "binary_sensor", "diagnostic"],
    ["problem", "binary_sensor", "diagnostic"],
    ["condition", "sensor", "diagnostic"],
    ["firmware", "update", "diagnostic"],
  ]);
  assert.ok(entities.every((entity) => !("cmd_t" in entity)));
  const open = entitiesOf(parsed(deviceAnnouncement(device, { install: true })));
  const firmware = open.find(({ key }) => key === "firmware");
  assert.ok(firmware?.p === "update");
  assert.deepEqual([firmware.cmd_t, firmware.pl_inst], ["ecowatt/roof/firmware/install", "install"]);
});

Deno.test("an entity that went is taken back by its platform alone", () => {
  const profile = profileOf("ecowatt");
  const announced = { device: "roof", inverter: "a", profile, registers: ["Pac"], expireAfter: 60 };
  const payload = parsed(inverterAnnouncement(announced, { powerLimit: true }), { Temp: { p: "sensor" } });
  assert.deepEqual(payload.cmps["Temp"], { p: "sensor" });
});

Deno.test("ids have the allowed characters and no two names share one", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
  const pair = fc.tuple(name, fc.option(name, { nil: undefined }));
  fc.assert(fc.property(pair, pair, (a, b) => {
    const [first, second] = [a, b].map(([device, inverter]) =>
      inverter === undefined ? deviceId(device) : inverterId(device, inverter)
    );
    for (const id of [first, second]) assert.match(id ?? "", /^[a-zA-Z0-9_-]+$/);
    assert.equal(first === second, JSON.stringify(a) === JSON.stringify(b));
  }));
  const close = [["a.b"], ["a_b"], ["a-b"], ["a", "b"], ["a_b", "c"], ["a", "b_c"], ["a.b", "c"]];
  const ids = close.map(([device = "", inverter]) => inverter ? inverterId(device, inverter) : deviceId(device));
  assert.equal(new Set(ids).size, close.length);
});
