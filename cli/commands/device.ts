import { keyIn } from "../terminal/arguments.ts";
import { DEVICES_PATH, pathOf } from "../client/device_path.ts";
import type { Command } from "commander";
import { AddedDevice, DeviceDetails, type DeviceInfo, DevicePage, Labels, Nothing } from "../client/api_schemas.ts";
import { usage } from "../terminal/exit.ts";
import { type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import { DEFAULT_GATEWAY, handover } from "../client/handover.ts";
import { table, type Terminal } from "../terminal/output.ts";
import { ago } from "../terminal/time.ts";

interface AddFlags extends GatewayFlags {
  readonly model?: string;
  readonly legacy?: boolean;
  readonly wireId?: string;
  readonly keyFile?: string;
  readonly gateway: string;
}

interface ListFlags extends GatewayFlags {
  readonly state?: string;
}

interface RemoveInverterFlags extends GatewayFlags {
  readonly yes?: boolean;
}

const STATES = ["ok", "asleep", "stale", "fault"];

/** The registry of devices. */
export function addDevice(program: Command, terminal: Terminal): void {
  const device = program.command("device").description("register, list and remove devices");
  gatewayFlags(device.command("add <device>"))
    .description("register a device and print what its side needs, with its new key")
    .option("--model <name>", "its model (default ecowatt-node, for boards ESP32_EcoWatt)")
    .option("--legacy", "an ESP32 board of the older scheme, which signs uploads only")
    .option("--wire-id <name>", "with --legacy: what the board calls itself (default ESP32_EcoWatt_Smart)")
    .option("--key-file <file>", "take the key that the device has already: a file of 64 hex digits")
    .option("--gateway <url>", "address of this gateway as the device sees it", DEFAULT_GATEWAY)
    .action((name: string, flags: AddFlags) => add(name, flags, terminal));
  gatewayFlags(device.command("list")).description("list the devices and how they are doing")
    .option("--state <state>", "only those that are ok, asleep, stale or fault")
    .action((flags: ListFlags) => list(flags, terminal));
  gatewayFlags(device.command("show <device>")).description("show one device and its keys")
    .action((name: string, flags: GatewayFlags) => show(name, flags, terminal));
  gatewayFlags(device.command("label <device> [labels...]"))
    .description("set the labels by which devices are chosen together; none takes them away")
    .action((name: string, labels: string[], flags: GatewayFlags) => label(name, labels, flags, terminal));
  gatewayFlags(device.command("remove <device>")).description("remove a device; its samples stay")
    .action((name: string, flags: GatewayFlags) => remove(name, flags, terminal));
  gatewayFlags(device.command("remove-inverter <device> <inverter>"))
    .description("take an inverter off a device that does not poll it any more; its samples stay")
    .option("--yes", "yes, remove it")
    .action((name: string, inverter: string, flags: RemoveInverterFlags) => {
      return removeInverter(name, inverter, flags, terminal);
    });
}

async function add(name: string, flags: AddFlags, terminal: Terminal): Promise<void> {
  if (flags.wireId !== undefined && !flags.legacy) throw usage("--wire-id goes with --legacy");
  const key = flags.keyFile === undefined ? undefined : await keyIn(flags.keyFile);
  const added = await withGateway(flags, (api) =>
    api.call("POST", DEVICES_PATH, AddedDevice, {
      device_id: name,
      model: flags.model ?? (flags.legacy ? "ESP32_EcoWatt" : "ecowatt-node"),
      auth: flags.legacy ? "legacy" : "signed",
      ...(flags.legacy ? { wire_id: flags.wireId ?? "ESP32_EcoWatt_Smart" } : {}),
      ...(key === undefined ? {} : { key }),
    }));
  terminal.out(flags.json ? JSON.stringify(added) : handover(added, added.key, flags.gateway));
}

async function list(flags: ListFlags, terminal: Terminal): Promise<void> {
  if (flags.state !== undefined && !STATES.includes(flags.state)) throw usage(`--state is one of ${STATES.join(", ")}`);
  const only = flags.state === undefined ? "" : `&state=${flags.state}`;
  const devices = await withGateway(flags, async (api) => {
    const all: DeviceInfo[] = [];
    for (let after = "";;) {
      const page = await api.call("GET", `${DEVICES_PATH}?limit=1000${only}${after}`, DevicePage);
      all.push(...page.devices);
      if (page.next === null) return all;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
  });
  if (flags.json) return terminal.out(JSON.stringify(devices));
  if (devices.length === 0 && flags.state) return terminal.out(`No device is ${flags.state}`);
  if (devices.length === 0) return terminal.out("No device is registered yet: ecowatt device add NAME");
  const header = ["DEVICE", "STATE", "MODEL", "AUTH", "LAST SAMPLE", "INVERTERS"];
  terminal.out(table(
    header,
    devices.map((device) => [
      device.device_id,
      device.state,
      device.model,
      authOf(device),
      ago(device.last_sample_ms),
      device.inverters.join(" "),
    ]),
  ));
}

async function show(name: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const device = await withGateway(flags, (api) => api.call("GET", pathOf(name), DeviceDetails));
  if (flags.json) return terminal.out(JSON.stringify(device));
  const facts = [
    ["device", device.device_id],
    ["state", `${device.state} since ${new Date(device.state_since_ms).toISOString()}: ${device.state_reason}`],
    ["model", device.model],
    ["authentication", authOf(device)],
    ["registered", new Date(device.created_at_ms).toISOString()],
    ["last sample", ago(device.last_sample_ms)],
    ["last upload", ago(device.last_upload_ms)],
    ["inverters", device.inverters.join(" ") || "none yet"],
    ...device.inverter_states.map(({ inverter, state, reason }) => [`  ${inverter}`, `${state}: ${reason}`]),
    ...device.keys.map((key) => [
      `key ${key.number}`,
      `since ${new Date(key.created_at_ms).toISOString()}${key.revoked_at_ms === null ? "" : ", revoked"}`,
    ]),
  ];
  terminal.out(facts.map(([label, value]) => `${label?.padEnd(16)}${value}`).join("\n"));
}

async function label(name: string, labels: readonly string[], flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const set = await withGateway(flags, (api) => api.call("PUT", `${pathOf(name)}/labels`, Labels, { labels }));
  terminal.out(flags.json ? JSON.stringify(set) : `${name} is labelled ${set.labels.join(", ") || "with nothing"}`);
}

async function remove(name: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  await withGateway(flags, (api) => api.call("DELETE", pathOf(name), Nothing));
  terminal.out(
    flags.json ? JSON.stringify({ removed: name }) : `${name} is removed: its keys are void, its samples stay`,
  );
}

async function removeInverter(name: string, inverter: string, flags: RemoveInverterFlags, terminal: Terminal) {
  if (!flags.yes) throw usage(`This takes ${inverter} off ${name}: add --yes`);
  const path = `${pathOf(name)}/inverters/${encodeURIComponent(inverter)}`;
  await withGateway(flags, (api) => api.call("DELETE", path, Nothing));
  const text = `${inverter} is no inverter of ${name} any more; its samples stay`;
  terminal.out(flags.json ? JSON.stringify({ device: name, removed: inverter }) : text);
}

/** The weak scheme is named as such wherever it shows. */
function authOf(device: Pick<DeviceInfo, "auth" | "wire_id">): string {
  return device.auth === "legacy" ? `legacy (weak), calls itself ${device.wire_id}` : "signed";
}
