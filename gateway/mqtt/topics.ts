import { DeviceId } from "../../protocol/device_id.ts";

/** Where the gateway says of itself `online` or `offline`, retained; `offline` is also its last will. */
export const GATEWAY_STATUS = "ecowatt/gateway/status";
/** Settings in the boards' form, for one device or for every `legacy` one (PROTOCOL §5). */
export const BOARD_SETTINGS = "esp32/ecowatt_settings";
/** Settings of one device. */
export const DEVICE_SETTINGS = "ecowatt/+/settings/set";
/** What the gateway listens to. */
export const SETTINGS_TOPICS = [BOARD_SETTINGS, DEVICE_SETTINGS];

/** Whether a device is heard of: `online` or `offline`, retained. A device named `gateway` has none: the topic is taken. */
export function deviceStatusTopic(device: string): string | undefined {
  const topic = `ecowatt/${device}/status`;
  return topic === GATEWAY_STATUS ? undefined : topic;
}

/** The newest values of an inverter, retained. Names of devices and inverters hold nothing that MQTT gives a meaning. */
export function inverterStateTopic(device: string, inverter: string): string {
  return `ecowatt/${device}/${inverter}/state`;
}

/** The device that a topic of the form `ecowatt/<device>/settings/set` names; `undefined` for any other topic. */
export function settingsDevice(topic: string): DeviceId | undefined {
  const parts = topic.split("/");
  if (parts.length !== 4 || parts[0] !== "ecowatt" || parts[2] !== "settings" || parts[3] !== "set") return undefined;
  const device = DeviceId.safeParse(parts[1]);
  return device.success ? device.data : undefined;
}
