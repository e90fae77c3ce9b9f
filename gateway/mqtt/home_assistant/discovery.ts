/**
 * What the gateway announces, in the abbreviated keys of Home Assistant's device discovery
 * (home-assistant.io/integrations/mqtt, "Device discovery payload" and "Supported abbreviations").
 */

interface Entity {
  /** Unique among everything that Home Assistant has. */
  readonly uniq_id: string;
  readonly name: string;
  readonly stat_t: string;
  readonly val_tpl?: string;
  readonly ent_cat?: "diagnostic" | "config";
  /** Whether it is shown without being asked for; yes when left out. */
  readonly en?: boolean;
  readonly json_attr_t?: string;
  readonly json_attr_tpl?: string;
}

export interface SensorEntity extends Entity {
  readonly p: "sensor";
  readonly dev_cla?: string;
  readonly stat_cla?: "measurement" | "total_increasing";
  readonly unit_of_meas?: string;
  /** What an enum can be. */
  readonly ops?: readonly string[];
  /** Seconds after which a value is no longer shown. */
  readonly exp_aft?: number;
}

interface BinarySensorEntity extends Entity {
  readonly p: "binary_sensor";
  readonly dev_cla: "connectivity" | "problem";
  readonly pl_on?: string;
  readonly pl_off?: string;
}

interface NumberEntity extends Entity {
  readonly p: "number";
  readonly cmd_t: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit_of_meas: string;
  readonly mode: "slider" | "box";
}

interface UpdateEntity extends Entity {
  readonly p: "update";
  readonly dev_cla: "firmware";
  readonly cmd_t?: string;
  readonly pl_inst?: string;
}

export type EntityConfig = SensorEntity | BinarySensorEntity | NumberEntity | UpdateEntity;

/** An entity that is no longer there: only its platform is said. */
export interface RemovedEntity {
  readonly p: EntityConfig["p"];
}

/** Home Assistant's device registry entry. */
interface DeviceEntry {
  readonly ids: readonly string[];
  readonly name: string;
  readonly mdl: string;
  readonly sn?: string;
  readonly sw?: string;
  readonly cu?: string;
  readonly via_device?: string;
}

/** One device with all its entities, by their keys. */
export interface DeviceAnnouncement {
  /** Its id in the topic. */
  readonly id: string;
  readonly dev: DeviceEntry;
  readonly cmps: Readonly<Record<string, EntityConfig>>;
}

/** What a payload says besides the device. */
interface Origin {
  readonly version: string;
  /** Where the gateway says whether it is there. */
  readonly availability: string;
}

/** The topic of a device's announcement. */
export function configTopic(prefix: string, id: string): string {
  return `${prefix}/device/${id}/config`;
}

/** The payload of an announcement; `removed` are entities it had before. */
export function configPayload(
  { dev, cmps }: DeviceAnnouncement,
  { version, availability }: Origin,
  removed: Readonly<Record<string, RemovedEntity>> = {},
): string {
  const origin = { name: "EcoWatt", sw: version };
  return JSON.stringify({ dev, o: origin, avty_t: availability, qos: 1, cmps: { ...removed, ...cmps } });
}
