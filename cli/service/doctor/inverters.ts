import type { BusConfig } from "../../../device/config/bus_config.ts";
import { busOf } from "../../../device/equipment/bus.ts";
import { invertersOf } from "../../../device/equipment/inverters.ts";
import type { StatusAnswer } from "../../../device/local_service/wire.ts";
import type { Oddities } from "../../../device/inverter/inverter.ts";
import { pollOnce } from "../../../device/inverter/patient_poll.ts";
import type { PollFault } from "../../../device/inverter/poll.ts";
import { libraryOf } from "../config/config_file.ts";
import { enough } from "../scan/bus_yaml.ts";
import { type Check, fail, type Finding, pass, type Patient, warn } from "./finding.ts";

/** Each inverter answers: as the running node says, which has the line, or asked here. */
export const inverters: Check = async (patient) => {
  const { file, node } = patient;
  if (!file?.node) return [];
  switch (node.kind) {
    case "running":
      return node.status.inverters.map((one) => told(one, busWith(file.node?.buses ?? [], one.inverter)));
    case "silent":
      return [warn("inverter", `it cannot be asked while the node has the line: ${node.why}`, "sudo ecowatt doctor")];
    case "stopped":
      return (await Promise.all(file.node.buses.map((bus) => askAll(bus, patient)))).flat();
    default:
      return node satisfies never;
  }
};

function busWith(buses: readonly BusConfig[], inverter: string): BusConfig | undefined {
  return buses.find((bus) => bus.inverters.some(({ name }) => name === inverter));
}

type Told = StatusAnswer["inverters"][number];

function told(
  { inverter, samples, failuresInRow, lastFault, quarantined, health, oddities }: Told,
  bus: BusConfig | undefined,
): Finding {
  if (health?.state === "asleep") return pass("inverter", `${inverter} is asleep: ${health.reason}`);
  if (failuresInRow > 0 || samples === 0) {
    const why = lastFault ?? "it was not asked yet";
    return fail("inverter", `${inverter} gives nothing: ${why}`, bus ? ladder(bus) : "ecowatt read");
  }
  if (quarantined.length > 0) {
    const names = quarantined.map(({ register }) => register).join(", ");
    return warn("inverter", `${inverter} refuses ${names}`, "leave them out of `registers:`");
  }
  return (oddities && odd(inverter, oddities)) ??
    pass("inverter", `${inverter} answers, ${samples} samples since the start`);
}

/** It is read, and the configuration could say how. */
function odd(
  name: string,
  { quirks, lateMs }: Readonly<NonNullable<Told["oddities"]>> | Oddities,
): Finding | undefined {
  if (quirks.length > 0) {
    const options = quirks.map((quirk) => `${quirk}: true`).join(", ");
    return warn("inverter", `${name} answers, but its line breaks the protocol`, `say so at its bus: ${options}`);
  }
  if (lateMs === undefined) return undefined;
  const took = `${name} answers late, after up to ${Math.round(lateMs / 100) / 10} s`;
  return warn("inverter", took, `wait longer at its bus: timing: { timeout: ${enough(lateMs)} }`);
}

async function askAll(config: BusConfig, { configPath, clock, log, signal }: Patient): Promise<readonly Finding[]> {
  const io = { clock, log };
  await using bus = busOf(config, io);
  const findings: Finding[] = [];
  for (const { config: { name }, inverter } of invertersOf(config, bus, { ...io, library: libraryOf(configPath) })) {
    const poll = await pollOnce(inverter, { ...io, signal });
    if (poll.kind === "read") {
      const count = poll.values.filter((value) => value !== undefined).length;
      const well = pass("inverter", `${name} answers with ${count} values (${inverter.profile()?.id.split(":")[0]})`);
      findings.push(odd(name, inverter.oddities()) ?? well);
    } else {
      findings.push(fail("inverter", `${name}: ${poll.fault.message}`, mendOf(config, poll.fault)));
    }
  }
  return findings;
}

function mendOf(bus: BusConfig, fault: PollFault): string {
  switch (fault.kind) {
    case "timeout":
    case "offline":
    case "crc":
    case "line":
      return ladder(bus);
    case "misfit":
      return "set its `profile:` and `unit:`; what there is: ecowatt profile list";
    case "not_sunspec":
      return "set its `profile:` and `unit:`, or look for it: ecowatt scan";
    case "exception":
    case "registers":
    case "no_values":
      return "ask for other registers: ecowatt read --registers …";
    case "map_changed":
    case "foreign":
    case "refused":
    case "aborted":
      return "ecowatt read";
    default:
      return fault satisfies never;
  }
}

/** If nothing answers: what is most often wrong, first what is quickest to try. */
export function ladder(bus: BusConfig): string {
  if (bus.serial) {
    return "in this order: swap A and B; connect ground; unplug the inverter's own dongle; try other speeds and unit ids " +
      `(ecowatt scan serial ${bus.serial.path})`;
  }
  const { host, port } = bus.tcp ?? bus.rtu_over_tcp ?? {};
  if (host !== undefined) {
    return "in this order: is the inverter on (not at night?); enable Modbus TCP in its menu; end other programs that " +
      `are connected to it, many take one; try other unit ids (ecowatt scan tcp ${host} --port ${port})`;
  }
  return "start the inverter API, and check its address and api_key";
}
