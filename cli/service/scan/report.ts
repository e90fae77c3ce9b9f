import { BusConfig } from "../../../device/config/bus_config.ts";
import type { Found } from "../../../device/scan/identify.ts";
import type { LineSettings } from "../../../device/serial/settings.ts";
import { busYaml } from "./bus_yaml.ts";

/** One thing that answered, wherever it was found. */
export interface Discovered {
  /** `tcp://192.168.1.20:502?unit=1&profile=sunspec`, as `read` and `init` take it. */
  readonly address: string;
  readonly found: Found;
  readonly line: { readonly tcp: { host: string; port: number } } | {
    readonly serial: { path: string } & LineSettings;
  };
}

/** The address by which other commands take it. */
export function addressOf(line: Discovered["line"], found: Found): string {
  const profile = found.kind === "unknown" ? "" : `&profile=${found.kind}`;
  if ("tcp" in line) return `tcp://${hostPart(line.tcp.host)}:${line.tcp.port}?unit=${found.unit}${profile}`;
  const { path, baud, parity } = line.serial;
  const more = parity === "none" ? "" : `&parity=${parity}`;
  return `rtu://${path}?baud=${baud}${more}&unit=${found.unit}${profile}`;
}

function hostPart(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** In a few words. */
export function titleOf(found: Found): string {
  switch (found.kind) {
    case "sunspec": {
      const { manufacturer, model, serialNumber } = found.identity;
      const name = [manufacturer, model, serialNumber].filter((text) => text !== "").join(" ");
      return `SunSpec inverter${name === "" ? "" : `: ${name}`}, models ${found.models.join(" ")}`;
    }
    case "ecowatt":
      return "inverter with the ten EcoWatt registers";
    case "unknown":
      return `speaks Modbus, but ${found.why}`;
    default:
      return found satisfies never;
  }
}

/** The `buses:` of a node with all inverters that were found; `undefined` when there are none. */
export function yamlOf(all: readonly Discovered[]): string | undefined {
  const lines = new Map<string, { line: Discovered["line"]; inverters: unknown[] }>();
  let count = 0;
  for (const { line, found } of all) {
    if (found.kind === "unknown") continue;
    const key = JSON.stringify(line);
    const bus = lines.get(key) ?? { line, inverters: [] };
    bus.inverters.push({ name: `inverter${count++ === 0 ? "" : count}`, unit: found.unit, profile: found.kind });
    lines.set(key, bus);
  }
  if (count === 0) return undefined;
  const buses = [...lines.values()].map(({ line, inverters }, index) =>
    BusConfig.parse({ name: `bus${index === 0 ? "" : index + 1}`, ...settingsOf(line), inverters })
  );
  return `  buses:\n${buses.map(busYaml).join("\n")}`;
}

function settingsOf(line: Discovered["line"]): Record<string, unknown> {
  if ("tcp" in line) return line;
  const { stopBits: stop_bits, ...serial } = line.serial;
  return { serial: { ...serial, stop_bits } };
}
