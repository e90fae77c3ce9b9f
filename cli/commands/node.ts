import type { Command } from "commander";
import { systemClock } from "../../platform/clock.ts";
import { DEFAULT_CONFIG, libraryOf, loadNodeConfig } from "../service/config/config_file.ts";
import { processDataDir } from "../data_dir.ts";
import { type LogFlags, logFlags, startLogging } from "../service/run/logging.ts";
import type { Terminal } from "../terminal/output.ts";
import { isOnTrial, openNode, openProver, type Updating } from "../service/run/roles.ts";
import { openRole, startTogether } from "../service/run/roles_together.ts";
import { startService } from "../service/run/service.ts";
import { nodePart } from "../service/run/service_parts.ts";
import { untilStopped } from "../terminal/signals.ts";

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
    const service = startService(log);
    using stop = untilStopped();
    const dataDir = processDataDir(flags.dataDir ?? file.data_dir);
    await using running = new AsyncDisposableStack();
    const updating: Updating | undefined = file.update &&
      { config: file.update, restart: () => stop.stop("an update waits for its start") };
    const open = async () => {
      const started = await openNode(node, dataDir, log, { updating, library: libraryOf(flags.config) });
      terminal.out(`Node ${node.device_id} polls and uploads to ${node.gateway}`);
      return openRole(started, nodePart(started, systemClock));
    };
    const io = { clock: systemClock, log: log.getChild("service"), atOnce: isOnTrial() };
    const { parts } = running.use(await startTogether([{ name: "node", open }], io));
    if (!updating) running.use(await openProver(parts, { dataDir, log }));
    await service.serve(parts, stop.signal);
  });
}
