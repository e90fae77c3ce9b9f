import type { Device } from "../../store/devices.ts";
import { conditionTopic, deviceStatusTopic, firmwareTopic, installTopic } from "../topics.ts";
import type { DeviceAnnouncement, EntityConfig } from "./discovery.ts";
import { deviceId } from "./ids.ts";

/** What Home Assistant says to install the newest firmware. */
export const INSTALL = "install";

/** How a device can be doing. */
const CONDITIONS = ["ok", "asleep", "stale", "fault"];

interface DeviceOptions {
  /** Whether Home Assistant may start an update. */
  readonly install: boolean;
  /** What it runs, as far as it said. */
  readonly version?: string | undefined;
  /** Address of the dashboard. */
  readonly link?: string | undefined;
}

/** Everything Home Assistant is to know of a node or board; its inverters are devices behind it. */
export function deviceAnnouncement(
  { deviceId: name, model }: Pick<Device, "deviceId" | "model">,
  { install, version, link }: DeviceOptions,
): DeviceAnnouncement {
  const id = deviceId(name);
  const entities = [connectivity(name, id), ...condition(name, id), firmware(name, id, install)];
  return {
    id,
    dev: {
      ids: [id],
      name,
      mdl: model,
      sn: name,
      ...(version === undefined ? {} : { sw: version }),
      ...(link === undefined ? {} : { cu: link }),
    },
    cmps: Object.fromEntries(entities.filter((entity) => entity !== undefined)),
  };
}

type Entry = readonly [key: string, EntityConfig];

function connectivity(device: string, id: string): Entry | undefined {
  const topic = deviceStatusTopic(device);
  return topic === undefined ? undefined : ["connectivity", {
    p: "binary_sensor",
    uniq_id: `${id}_connectivity`,
    name: "Connectivity",
    stat_t: topic,
    dev_cla: "connectivity",
    pl_on: "online",
    pl_off: "offline",
    ent_cat: "diagnostic",
  }];
}

function condition(device: string, id: string): readonly Entry[] {
  const topic = conditionTopic(device);
  return [
    ["problem", {
      p: "binary_sensor",
      uniq_id: `${id}_problem`,
      name: "Problem",
      stat_t: topic,
      val_tpl: "{{ 'ON' if value_json.state == 'fault' else 'OFF' }}",
      dev_cla: "problem",
      json_attr_t: topic,
      ent_cat: "diagnostic",
    }],
    ["condition", {
      p: "sensor",
      uniq_id: `${id}_condition`,
      name: "Condition",
      stat_t: topic,
      val_tpl: "{{ value_json.state }}",
      dev_cla: "enum",
      ops: CONDITIONS,
      ent_cat: "diagnostic",
    }],
  ];
}

function firmware(device: string, id: string, install: boolean): Entry {
  return ["firmware", {
    p: "update",
    uniq_id: `${id}_firmware`,
    name: "Firmware",
    stat_t: firmwareTopic(device),
    dev_cla: "firmware",
    ent_cat: install ? "config" : "diagnostic",
    ...(install ? { cmd_t: installTopic(device), pl_inst: INSTALL } : {}),
  }];
}
