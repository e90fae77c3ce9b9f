import type { Command } from "commander";
import { DEFAULT_CONFIG, loadNodeConfig } from "../config_file.ts";
import { processDataDir } from "../data_dir.ts";
import { type LogFlags, logFlags, startLogging } from "../logging.ts";
import type { Terminal } from "../output.ts";
import { openNode } from "../roles.ts";
import { aborted, untilStopped } from "../signals.ts";

interface Flags extends LogFlags {
  readonly config?: string;
  readonly dataDir?: string;
}

/** The acquisition node alone. */
export function addNode(program: Command, terminal: Terminal): void {
  const command = program.command("node")
    .description("run the acquisition node of the configuration: poll inverters, upload to a gateway")
    .option("--config <file>", `configuration file (default ${DEFAULT_CONFIG})`)
    .option("--data-dir <folder>", "folder of the state");
  logFlags(command).action(async (flags: Flags) => {
    const { file, node } = await loadNodeConfig(flags.config);
    const log = await startLogging(flags, terminal);
    using stop = untilStopped();
    await using _node = await openNode(node, processDataDir(flags.dataDir ?? file.data_dir), log);
    terminal.out(`Node ${node.device_id} polls and uploads to ${node.gateway}`);
    await aborted(stop.signal);
  });
}
