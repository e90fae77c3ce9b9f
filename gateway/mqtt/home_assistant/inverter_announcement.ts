import { lookup } from "../../../protocol/profile/lookup.ts";
import {
  conditionTopic,
  inverterEnergyTopic,
  inverterStateTopic,
  powerLimitCommandTopic,
  powerLimitTopic,
} from "../topics.ts";
import type { DeviceAnnouncement, EntityConfig } from "./discovery.ts";
import { deviceId, inverterId } from "./ids.ts";
import { type AnnouncedInverter, registerEntities } from "./register_entities.ts";

interface InverterOptions {
  /** Whether its power limit can be set from Home Assistant. */
  readonly powerLimit: boolean;
  /** Address of the dashboard. */
  readonly link?: string | undefined;
}

/** Everything Home Assistant is to know of an inverter. */
export function inverterAnnouncement(announced: AnnouncedInverter, options: InverterOptions): DeviceAnnouncement {
  const { device, inverter, profile } = announced;
  const id = inverterId(device, inverter);
  const entries = [
    ...energyEntities(announced, id),
    ...registerEntities(announced, id, inverterStateTopic(device, inverter)),
    ...limitEntities(announced, id, options),
    problemEntity(announced, id),
  ];
  return {
    id,
    dev: {
      ids: [id],
      name: `${device} ${inverter}`,
      mdl: profile.title,
      ...(options.link === undefined ? {} : { cu: options.link }),
      via_device: deviceId(device),
    },
    cmps: Object.fromEntries(entries),
  };
}

type Entry = readonly [key: string, EntityConfig];

/** They are held, so they do not expire; `null` until they are plausible. */
function energyEntities({ device, inverter }: AnnouncedInverter, id: string): readonly Entry[] {
  const total = (key: string, name: string, attributes: string): Entry => [key, {
    p: "sensor",
    uniq_id: `${id}_${key}`,
    name,
    stat_t: inverterEnergyTopic(device, inverter),
    val_tpl: `{{ value_json.${key}_kwh }}`,
    dev_cla: "energy",
    stat_cla: "total_increasing",
    unit_of_meas: "kWh",
    json_attr_t: inverterEnergyTopic(device, inverter),
    json_attr_tpl: `{{ {${attributes}} | tojson }}`,
  }];
  const source = "'source': value_json.source";
  return [
    total("lifetime", "Lifetime energy", source),
    total("today", "Energy today", `${source}, 'not_counted_kwh': value_json.today_not_counted_kwh`),
  ];
}

function limitEntities(
  { device, inverter, profile }: AnnouncedInverter,
  id: string,
  { powerLimit }: InverterOptions,
): readonly Entry[] {
  const register = profile.powerLimit === undefined ? undefined : lookup(profile, profile.powerLimit);
  if (!powerLimit || !register) return [];
  return [["power_limit", {
    p: "number",
    uniq_id: `${id}_power_limit`,
    name: "Power limit",
    stat_t: powerLimitTopic(device, inverter),
    val_tpl: "{{ value_json.value }}",
    json_attr_t: powerLimitTopic(device, inverter),
    json_attr_tpl: "{{ value_json.command | tojson }}",
    cmd_t: powerLimitCommandTopic(device, inverter),
    min: register.plausible?.min ?? 0,
    max: register.plausible?.max ?? 100,
    step: 1,
    unit_of_meas: register.unit,
    mode: "slider",
    ent_cat: "config",
  }]];
}

function problemEntity({ device, inverter }: AnnouncedInverter, id: string): Entry {
  return ["problem", {
    p: "binary_sensor",
    uniq_id: `${id}_problem`,
    name: "Problem",
    stat_t: conditionTopic(device),
    val_tpl: `{{ 'ON' if value_json.inverters['${inverter}'] == 'fault' else 'OFF' }}`,
    dev_cla: "problem",
    ent_cat: "diagnostic",
  }];
}
