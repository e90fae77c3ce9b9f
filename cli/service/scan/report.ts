import { BusConfig } from "../../../device/config/bus_config.ts";
import type { Found } from "../../../device/scan/identify.ts";
import type { LineNeeds } from "../../../device/scan/lines.ts";
import type { LineSettings } from "../../../device/serial/settings.ts";
import type { Quirk } from "../../../device/modbus/quirks.ts";
import { busYaml, enough } from "./bus_yaml.ts";

/** One thing that answered, wherever it was found. */
export interface Discovered {
  /** `tcp://192.168.1.20:502?unit=1&profile=sunspec`, as `read` and `init` take it. */
  readonly address: string;
  readonly found: Found;
  readonly line: { readonly tcp: { host: string; port: number } } | {
    readonly serial: { path: string } & LineSettings;
  };
  readonly needs: LineNeeds;
}

/** What was found on one line, as it is told. */
export function discoveredOn(
  line: Discovered["line"],
  { found, needs }: { readonly found: readonly Found[]; readonly needs: LineNeeds },
): readonly Discovered[] {
  return found.map((one) => ({ line, found: one, needs, address: addressOf(line, one, needs) }));
}

/** The address by which other commands take it. */
function addressOf(line: Discovered["line"], found: Found, { quirks, slowMs }: LineNeeds): string {
  const profile = found.kind === "unknown" ? "" : `&profile=${profileOf(found)}`;
  const slow = slowMs === undefined ? "" : `&timeout=${enough(slowMs)}`;
  const device = deviceOf(found) === 0 ? "" : `&device=${deviceOf(found)}`;
  const end = `unit=${found.unit}${profile}${device}${quirks.map((quirk) => `&${quirk}=true`).join("")}${slow}`;
  if ("tcp" in line) return `tcp://${hostPart(line.tcp.host)}:${line.tcp.port}?${end}`;
  const { path, baud, parity } = line.serial;
  const more = parity === "none" ? "" : `&parity=${parity}`;
  return `rtu://${path}?baud=${baud}${more}&${end}`;
}

/** What its line does that the configuration has to say, in a few words; `undefined` when nothing. */
export function oddityOf({ needs: { quirks, slowMs } }: Discovered): string | undefined {
  const words = [
    ...quirks.map((quirk) => QUIRK_WORDS[quirk]),
    ...(slowMs === undefined ? [] : [`takes up to ${Math.round(slowMs / 100) / 10} s to answer`]),
  ];
  return words.length === 0 ? undefined : words.join("; ");
}

const QUIRK_WORDS: Readonly<Record<Quirk, string>> = {
  ignore_transaction_id: "does not repeat the transaction id (ignore_transaction_id)",
  ignore_protocol_id: "says that it speaks another protocol than Modbus (ignore_protocol_id)",
  ignore_unit_id: "answers with another unit id than was asked (ignore_unit_id)",
  ignore_length: "pads its frames or gets a length wrong (ignore_length)",
};

function hostPart(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** In a few words. */
export function titleOf(found: Found): string {
  switch (found.kind) {
    case "sunspec": {
      const { manufacturer, model, serialNumber } = found.identity;
      const name = [manufacturer, model, serialNumber].filter((text) => text !== "").join(" ");
      return `${found.title}${name === "" ? "" : `: ${name}`}, models ${found.models.join(" ")}`;
    }
    case "ecowatt":
      return "inverter with the ten EcoWatt registers";
    case "device": {
      const also = found.also.length === 0 ? "" : `; it may be ${found.also.join(" or ")} as well`;
      return `${found.title} (${found.profile}${also})`;
    }
    case "unknown":
      return `speaks Modbus, but ${found.why}`;
    default:
      return found satisfies never;
  }
}

/** The `buses:` of a node with all inverters that were found; `undefined` when there are none. */
export function yamlOf(all: readonly Discovered[]): string | undefined {
  const lines = new Map<string, Pick<Discovered, "line" | "needs"> & { inverters: unknown[] }>();
  let count = 0;
  for (const { line, found, needs } of all) {
    if (found.kind === "unknown") continue;
    const key = JSON.stringify(line);
    const bus = lines.get(key) ?? { line, needs, inverters: [] };
    const name = `${nameOf(found)}${count++ === 0 ? "" : count}`;
    bus.inverters.push({ name, unit: found.unit, profile: profileOf(found), device: deviceOf(found) });
    lines.set(key, bus);
  }
  if (count === 0) return undefined;
  const buses = [...lines.values()].map(({ line, needs, inverters }, index) =>
    BusConfig.parse({ name: `bus${index === 0 ? "" : index + 1}`, ...settingsOf(line, needs), inverters })
  );
  return `  buses:\n${buses.map(busYaml).join("\n")}`;
}

/** Which of several devices behind its unit id it is. */
function deviceOf(found: Found): number {
  return found.kind === "sunspec" ? found.device : 0;
}

/** What a configuration calls it, before the number. */
function nameOf(found: Found): string {
  if (found.kind === "device") return found.class === "hybrid" ? "inverter" : found.class;
  return found.kind === "sunspec" ? found.title.split(" ").at(-1) ?? "inverter" : "inverter";
}

/** The profile that a configuration names for it. */
export function profileOf(found: Exclude<Found, { kind: "unknown" }>): string {
  return found.kind === "device" ? found.profile : found.kind;
}

function settingsOf(line: Discovered["line"], { quirks, slowMs }: LineNeeds): Record<string, unknown> {
  const tolerated = Object.fromEntries(quirks.map((quirk) => [quirk, true]));
  const timing = slowMs === undefined ? {} : { timing: { timeout: enough(slowMs) } };
  if ("tcp" in line) return { tcp: { ...line.tcp, ...tolerated }, ...timing };
  const { stopBits: stop_bits, ...serial } = line.serial;
  return { serial: { ...serial, stop_bits, ...tolerated }, ...timing };
}
