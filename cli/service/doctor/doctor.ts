import { clock } from "./clock.ts";
import { config } from "./config.ts";
import { disk } from "./disk.ts";
import { type Check, fail, type Finding, type Patient, reasonOf } from "./finding.ts";
import { inverters } from "./inverters.ts";
import { deviceKey, firmwareKeys, masterKey, passwords } from "./keys.ts";
import { machine } from "./machine.ts";
import { mqtt } from "./mqtt.ts";
import { devices, ownGateway } from "./own_gateway.ts";
import { serialPorts } from "./serial_ports.ts";
import { updates } from "./updates.ts";
import { uplink } from "./uplink.ts";

/** Every check, in the order of the report: what others stand on first. */
const CHECKS: readonly (readonly [string, Check])[] = [
  ["machine", machine],
  ["config", config],
  ["device key", deviceKey],
  ["master key", masterKey],
  ["firmware keys", firmwareKeys],
  ["mqtt password", passwords],
  ["clock", clock],
  ["disk", disk],
  ["serial port", serialPorts],
  ["inverter", inverters],
  ["own gateway", ownGateway],
  ["gateway", uplink],
  ["mqtt", mqtt],
  ["devices", devices],
  ["updates", updates],
];

/** Runs all checks side by side; one that breaks is a finding itself. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const all = await Promise.all(CHECKS.map(async ([name, check]): Promise<readonly Finding[]> => {
    try {
      return await check(patient);
    } catch (error) {
      return [
        fail(
          name,
          `the check itself failed: ${reasonOf(error)}`,
          "ecowatt doctor, as the user of the service or with sudo",
        ),
      ];
    }
  }));
  return all.flat();
}

/** One line a finding, and one below it that says what mends it. */
export function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.flatMap((finding) => {
    const line = `${finding.level.toUpperCase()}  ${finding.check.padEnd(width)}  ${finding.message}`;
    return finding.level === "pass" ? [line] : [line, `      ${" ".repeat(width)}  mend: ${finding.mend}`];
  }).join("\n");
}
