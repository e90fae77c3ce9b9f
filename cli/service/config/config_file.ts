import { z } from "zod";
import { type Library, libraryBeside } from "../../../profiles/library.ts";
import type { InverterConfig } from "../../../device/config/bus_config.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { UpdateConfig } from "../../../device/config/update_config.ts";
import { usage } from "../../terminal/exit.ts";
import { loadYaml } from "./yaml_file.ts";

/** The configuration file: which roles this box has. A new key is a new line here and in its role's schema. */
export const ConfigFile = z.strictObject({
  data_dir: z.string().min(1).optional().describe("folder of the state; --data-dir wins over it"),
  gateway: GatewayConfig.optional(),
  node: NodeConfig.optional().describe("The node: polls inverters and uploads to a gateway"),
  update: UpdateConfig.optional().describe("Updates of this program by its gateway; needs a node and the boot guard"),
}).refine(({ gateway, node }) => gateway !== undefined || node !== undefined, {
  message: "must have a `gateway:` section, a `node:` section or both",
}).refine(({ node, update }) => update === undefined || node !== undefined, {
  message: "`update:` needs a `node:` section: it is the node's gateway that has the updates",
  path: ["update"],
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** Where a configuration is looked for when the command line names none. */
export const DEFAULT_CONFIG = "/etc/ecowatt/ecowatt.yaml";

/** The devices that the inverters of a configuration are found among. */
export function libraryOf(path: string | undefined): Library {
  return libraryBeside(path ?? DEFAULT_CONFIG);
}

/** The checked configuration; whatever is wrong with it is a usage fault with lines and columns. */
export async function loadConfig(path: string | undefined): Promise<ConfigFile> {
  const file = await loadYaml(path ?? DEFAULT_CONFIG, ConfigFile);
  const faults = (file.node?.buses ?? []).flatMap(({ inverters }) => {
    return inverters.flatMap((inverter) => profileFault(inverter, libraryOf(path)));
  });
  if (faults.length > 0) throw usage(`${path ?? DEFAULT_CONFIG}: ${faults.join("\n")}`);
  return file;
}

/** Why the device of a configured profile cannot be had; these two are part of the program. */
function profileFault({ name, profile }: InverterConfig, library: Library): readonly string[] {
  if (profile === "ecowatt" || profile === "sunspec") return [];
  const found = library.find(profile);
  return found.ok ? [] : [`inverter ${name}: ${found.detail}`];
}

/** The node's section of a configuration, or a usage fault that says that there is none. */
export async function loadNodeConfig(path: string | undefined): Promise<{ file: ConfigFile; node: NodeConfig }> {
  const file = await loadConfig(path);
  if (file.node === undefined) throw usage(`${path ?? DEFAULT_CONFIG} has no \`node:\` section`);
  return { file, node: file.node };
}
