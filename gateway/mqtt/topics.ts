import { DeviceId } from "../../protocol/device_id.ts";
import { InverterName } from "../../protocol/messages/sample_blocks.ts";

/** Where the gateway says of itself `online` or `offline`, retained; `offline` is also its last will. */
export const GATEWAY_STATUS = "ecowatt/gateway/status";
/** Settings in the boards' form, for one device or for every `legacy` one (contract/1-link §5). */
export const BOARD_SETTINGS = "esp32/ecowatt_settings";
/** Settings of one device. */
export const DEVICE_SETTINGS = "ecowatt/+/settings/set";
/** What is listened to for settings. */
export const SETTINGS_TOPICS = [BOARD_SETTINGS, DEVICE_SETTINGS];
/** The power limit of one inverter, as a number or as `{"value": 40, "revert_s": 60}`. */
export const POWER_LIMIT_COMMANDS = "ecowatt/+/+/power_limit/set";
/** The wish for the newest firmware. */
export const INSTALL_COMMANDS = "ecowatt/+/firmware/install";

/** Whether a device is heard of: `online` or `offline`, retained. A device named `gateway` has none: the topic is taken. */
export function deviceStatusTopic(device: string): string | undefined {
  const topic = `ecowatt/${device}/status`;
  return topic === GATEWAY_STATUS ? undefined : topic;
}

/** How a device is doing, retained. */
export function conditionTopic(device: string): string {
  return `ecowatt/${device}/condition`;
}

/** What a device runs and what there is for it, retained. */
export function firmwareTopic(device: string): string {
  return `ecowatt/${device}/firmware`;
}

export function installTopic(device: string): string {
  return `ecowatt/${device}/firmware/install`;
}

/** The newest values of an inverter, retained. Names of devices and inverters hold nothing that MQTT gives a meaning. */
export function inverterStateTopic(device: string, inverter: string): string {
  return `ecowatt/${device}/${inverter}/state`;
}

/** What an inverter has delivered, retained. */
export function inverterEnergyTopic(device: string, inverter: string): string {
  return `ecowatt/${device}/${inverter}/energy`;
}

/** The power limit of an inverter and the last command for it, retained. */
export function powerLimitTopic(device: string, inverter: string): string {
  return `ecowatt/${device}/${inverter}/power_limit`;
}

export function powerLimitCommandTopic(device: string, inverter: string): string {
  return `${powerLimitTopic(device, inverter)}/set`;
}

/** Whether a topic fits a filter that has no other wildcard than `+` (MQTT 3.1.1 §4.7.1.3). */
export function fits(filter: string, topic: string): boolean {
  const wanted = filter.split("/"), given = topic.split("/");
  return wanted.length === given.length && wanted.every((level, index) => level === "+" || level === given[index]);
}

/** The device that a topic of the form `ecowatt/<device>/settings/set` names; `undefined` for any other topic. */
export function settingsDevice(topic: string): DeviceId | undefined {
  return fits(DEVICE_SETTINGS, topic) ? deviceIn(topic) : undefined;
}

/** The device that is to install its newest firmware; `undefined` for any other topic. */
export function installDevice(topic: string): DeviceId | undefined {
  return fits(INSTALL_COMMANDS, topic) ? deviceIn(topic) : undefined;
}

/** The inverter whose power limit is to be set; `undefined` for any other topic. */
export function limitedInverter(topic: string): { readonly device: DeviceId; readonly inverter: string } | undefined {
  if (!fits(POWER_LIMIT_COMMANDS, topic)) return undefined;
  const device = deviceIn(topic);
  const inverter = InverterName.safeParse(topic.split("/")[2]);
  return device !== undefined && inverter.success ? { device, inverter: inverter.data } : undefined;
}

function deviceIn(topic: string): DeviceId | undefined {
  const device = DeviceId.safeParse(topic.split("/")[1]);
  return device.success ? device.data : undefined;
}
