import type { Profile } from "../../protocol/profile/register.ts";
import { registersFor } from "../../protocol/settings/registers.ts";
import type { SettingsValues } from "../../protocol/settings/settings.ts";
import type { InverterConfig } from "../config/bus_config.ts";
import type { NodeConfig } from "../config/node_config.ts";

/** Milliseconds between two polls of an inverter. Remote settings win over the configuration file. */
export function pollMs(settings: SettingsValues, config: NodeConfig, inverter: InverterConfig): number {
  const seconds = settings.poll_interval_s;
  return seconds === undefined ? inverter.poll_interval ?? config.poll_interval : Math.round(1000 * seconds);
}

/** Milliseconds between two uploads. */
export function uploadMs(settings: SettingsValues, config: NodeConfig): number {
  const seconds = settings.upload_interval_s;
  return seconds === undefined ? config.upload_interval : Math.round(1000 * seconds);
}

/**
 * The registers of an inverter: those of the list that it has. One that has none of them keeps its own, or it would be lost
 * from sight: the list may have been set before anybody knew its map.
 */
export function registersOf(
  { registers: names }: SettingsValues,
  inverter: InverterConfig,
): (profile: Profile) => readonly string[] {
  const own = inverter.registers ?? [];
  if (names === undefined) return () => own;
  return (profile) => {
    const known = registersFor(profile, names);
    return known.length > 0 ? known : own;
  };
}
