import type { BusConfig } from "../../../device/config/bus_config.ts";
import { loadNodeConfig } from "./config_file.ts";
import { usage } from "../../terminal/exit.ts";
import { INVERTER_URLS, inverterUrl } from "../../terminal/inverter_url.ts";

/** For the help of a command that takes an inverter. */
export const WHICH_INVERTER =
  `\nAddresses: ${INVERTER_URLS}.\nThe API key of an http:// address is taken from ECOWATT_API_KEY.`;

/** The buses with the inverter that is meant: one of the configuration by name (all without a name), or one at an address. */
export async function chosenBuses(name: string | undefined, config: string | undefined): Promise<readonly BusConfig[]> {
  if (name?.includes("://")) return [inverterUrl(name, Deno.env.get("ECOWATT_API_KEY"))];
  const { buses } = (await loadNodeConfig(config)).node;
  return name === undefined ? buses : named(name, buses);
}

function named(name: string, buses: readonly BusConfig[]): readonly BusConfig[] {
  const found = buses
    .map((bus) => ({ ...bus, inverters: bus.inverters.filter((inverter) => inverter.name === name) }))
    .filter((bus) => bus.inverters.length > 0);
  if (found.length > 0) return found;
  const known = buses.flatMap((bus) => bus.inverters.map((inverter) => inverter.name)).join(", ");
  throw usage(`There is no inverter "${name}" in the configuration; it has ${known}`);
}
