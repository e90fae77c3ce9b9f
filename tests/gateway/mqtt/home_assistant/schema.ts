/**
 * What Home Assistant takes, from its documentation:
 * - https://www.home-assistant.io/integrations/mqtt/ "Discovery topic", "Device discovery payload", "Supported abbreviations in
 *   MQTT discovery messages", "… for device registry configuration", "… for origin info"
 * - https://www.home-assistant.io/integrations/sensor.mqtt/, binary_sensor.mqtt/, number.mqtt/, update.mqtt/ "Configuration
 *   variables"
 * - https://developers.home-assistant.io/docs/core/entity/sensor/ "Available device classes" with their units, and the state
 *   classes that go with them (homeassistant/components/sensor/const.py, DEVICE_CLASS_UNITS, DEVICE_CLASS_STATE_CLASSES)
 * - https://developers.home-assistant.io/docs/core/entity/update/ "Properties"
 * Home Assistant ignores unknown keys; here they are an error, since they would be ours by mistake.
 */
import { z } from "zod";

/** `[a-zA-Z0-9_-]`, the character class of ids in the discovery topic. */
export const DISCOVERY_TOPIC = /^[^/+#]+(\/[^/+#]+)*\/device\/[a-zA-Z0-9_-]+\/config$/;

const Topic = z.string().min(1).regex(/^[^+#\0]+$/);
const Template = z.string().regex(/\{\{.*\}\}/);
const Id = z.string().regex(/^[a-zA-Z0-9_-]+$/);

/** Device class: its units (`undefined`: none), and the state classes that are allowed with it. */
const CLASSES: Readonly<
  Record<string, { readonly units: readonly (string | undefined)[]; readonly states: readonly string[] }>
> = {
  apparent_power: { units: ["mVA", "VA", "kVA"], states: ["measurement"] },
  current: { units: ["A", "mA"], states: ["measurement"] },
  duration: { units: ["d", "h", "min", "s", "ms", "µs"], states: ["measurement", "total", "total_increasing"] },
  energy: {
    units: ["J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal", "kcal", "Mcal", "Gcal"],
    states: ["total", "total_increasing"],
  },
  enum: { units: [undefined], states: [] },
  frequency: { units: ["Hz", "kHz", "MHz", "GHz"], states: ["measurement"] },
  power: { units: ["mW", "W", "kW", "MW", "GW", "TW"], states: ["measurement"] },
  power_factor: { units: ["%", undefined], states: ["measurement"] },
  reactive_power: { units: ["mvar", "var", "kvar"], states: ["measurement"] },
  temperature: { units: ["°C", "°F", "K"], states: ["measurement"] },
  voltage: { units: ["V", "mV", "µV", "kV", "MV"], states: ["measurement"] },
};

const common = {
  uniq_id: Id,
  name: z.string().min(1),
  stat_t: Topic,
  val_tpl: Template.optional(),
  en: z.boolean().optional(),
  json_attr_t: Topic.optional(),
  json_attr_tpl: Template.optional(),
};
const Diagnostic = z.literal("diagnostic").optional();
const AnyCategory = z.enum(["diagnostic", "config"]).optional();

const Sensor = z.strictObject({
  p: z.literal("sensor"),
  ...common,
  ent_cat: Diagnostic, // "config" is for what can be set
  dev_cla: z.enum(Object.keys(CLASSES)).optional(),
  stat_cla: z.enum(["measurement", "total", "total_increasing"]).optional(),
  unit_of_meas: z.string().min(1).optional(),
  ops: z.array(z.string()).min(1).optional(),
  exp_aft: z.int().min(0).optional(),
}).superRefine(({ dev_cla, stat_cla, unit_of_meas, ops }, c) => {
  const refuse = (message: string) => c.addIssue({ code: "custom", message });
  const known = dev_cla === undefined ? undefined : CLASSES[dev_cla];
  if (known && !known.units.includes(unit_of_meas)) refuse(`${dev_cla} is not in ${unit_of_meas}`);
  if (known && stat_cla && !known.states.includes(stat_cla)) refuse(`${dev_cla} is no ${stat_cla}`);
  if ((ops !== undefined) !== (dev_cla === "enum")) refuse("options and the class enum go together");
  if (ops && (stat_cla || unit_of_meas)) refuse("an enum has neither state class nor unit");
});

const BinarySensor = z.strictObject({
  p: z.literal("binary_sensor"),
  ...common,
  ent_cat: Diagnostic,
  dev_cla: z.enum(["connectivity", "problem", "running", "update", "safety"]),
  pl_on: z.string().optional(),
  pl_off: z.string().optional(),
  exp_aft: z.int().min(0).optional(),
});

const NumberEntity = z.strictObject({
  p: z.literal("number"),
  ...common,
  ent_cat: AnyCategory,
  cmd_t: Topic,
  min: z.number(),
  max: z.number(),
  step: z.number().min(0.001),
  unit_of_meas: z.string().optional(),
  mode: z.enum(["auto", "box", "slider"]).optional(),
}).refine(({ min, max }) => min < max);

const Update = z.strictObject({
  p: z.literal("update"),
  ...common,
  ent_cat: AnyCategory,
  dev_cla: z.literal("firmware"),
  cmd_t: Topic.optional(),
  pl_inst: z.string().optional(),
});

/** An entity that is taken back: its platform and nothing else. */
const Removed = z.strictObject({ p: z.enum(["sensor", "binary_sensor", "number", "update"]) });

/** A payload on `<prefix>/device/<id>/config`. */
export const DeviceDiscovery = z.strictObject({
  dev: z.strictObject({
    ids: z.array(Id).min(1),
    name: z.string().min(1),
    mf: z.string().optional(),
    mdl: z.string().optional(),
    sn: z.string().optional(),
    sw: z.string().optional(),
    cu: z.url({ protocol: /^https?$/ }).optional(),
    via_device: Id.optional(),
  }),
  o: z.strictObject({ name: z.string().min(1), sw: z.string().optional(), url: z.url().optional() }),
  avty_t: Topic,
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  cmps: z.record(
    z.string().regex(/^[a-zA-Z0-9_-]+$/),
    z.union([Removed, z.discriminatedUnion("p", [Sensor, BinarySensor, NumberEntity, Update])]),
  ),
});
export type DeviceDiscovery = z.infer<typeof DeviceDiscovery>;

/** JSON on the state topic of an update entity. */
export const UpdateState = z.strictObject({
  installed_version: z.string().optional(),
  latest_version: z.string().optional(),
  title: z.string().optional(),
  release_summary: z.string().max(255).optional(),
  release_url: z.url().optional(),
  entity_picture: z.url().optional(),
  in_progress: z.boolean().optional(),
  update_percentage: z.number().min(0).max(100).nullable().optional(),
});

/** The entities of a payload that are there. */
export function entitiesOf({ cmps }: DeviceDiscovery) {
  return Object.entries(cmps).flatMap(([key, entity]) => "uniq_id" in entity ? [{ key, ...entity }] : []);
}
