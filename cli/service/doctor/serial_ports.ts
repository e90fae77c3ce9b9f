import type { BusConfig } from "../../../device/config/bus_config.ts";
import { holderOf } from "../../../device/serial/holder.ts";
import { listSerialPorts } from "../../../device/serial/ports.ts";
import { type Check, fail, type Finding, type NodeState, pass, warn } from "./finding.ts";

/** The serial ports are there, have names that stay, and no other program has them. */
export const serialPorts: Check = async ({ file, node }) => {
  const lines = (file?.node?.buses ?? []).flatMap(({ serial }) => serial ?? []);
  return await Promise.all(lines.map((line) => examine(line, node)));
};

async function examine({ path }: NonNullable<BusConfig["serial"]>, node: NodeState): Promise<Finding> {
  try {
    await Deno.stat(path);
  } catch {
    const there = listSerialPorts().map((port) => port.path).join(", ") || "none is connected";
    return fail(
      "serial port",
      `${path} is not there (connected: ${there})`,
      "plug the adapter in, or: ecowatt scan serial",
    );
  }
  const holder = node.kind === "stopped" ? holderOf(path) : undefined;
  if (holder !== undefined) return fail("serial port", `${path} is in use by ${holder}`, "stop that program");
  const stable = listSerialPorts().find((port) => port.device === path && port.path !== path);
  if (stable) {
    return warn(
      "serial port",
      `${path} may be another adapter after the next start`,
      `use its lasting name: ${stable.path}`,
    );
  }
  return pass("serial port", `${path} is there${node.kind === "running" ? ", the node has it" : ""}`);
}
