import type { Command } from "commander";
import { loadDeviceKey } from "../../keys/device_key.ts";
import { readCertificates } from "../../platform/certificates.ts";
import { type ConfigFile, DEFAULT_CONFIG, loadConfig } from "../service/config/config_file.ts";
import { configSchema } from "../service/config/config_schema.ts";
import { nodeDir, processDataDir } from "../data_dir.ts";
import { usage } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/output.ts";

interface Flags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly schema?: boolean;
  readonly json?: boolean;
}

/** Checks a configuration file without starting anything. */
export function addCheck(program: Command, terminal: Terminal): void {
  program.command("check")
    .description("check the configuration file and the files it names, without starting anything")
    .option("--config <file>", `configuration file (default ${DEFAULT_CONFIG})`)
    .option("--data-dir <folder>", "folder of the state")
    .option("--schema", "print the JSON Schema of the configuration file instead")
    .option("--json", "as JSON")
    .action((flags: Flags) => check(flags, terminal));
}

async function check(flags: Flags, terminal: Terminal): Promise<void> {
  if (flags.schema) return terminal.out(JSON.stringify(configSchema(), null, 2));
  const path = flags.config ?? DEFAULT_CONFIG;
  const file = await loadConfig(path);
  if (file.node) await checkFiles(file, flags);
  const roles = (["gateway", "node"] as const).filter((role) => file[role] !== undefined);
  terminal.out(flags.json ? JSON.stringify({ ok: true, roles }) : `${path} is right: ${roles.join(" and ")}`);
}

async function checkFiles(file: ConfigFile, flags: Flags): Promise<void> {
  if (!file.node) return;
  try {
    await loadDeviceKey(file.node, nodeDir(processDataDir(flags.dataDir ?? file.data_dir)));
    if (file.node.ca_file !== undefined) await readCertificates(file.node.ca_file);
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}
