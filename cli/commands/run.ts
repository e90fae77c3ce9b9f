import type { Command } from "commander";
import type { Gateway } from "../../gateway/gateway.ts";
import { systemClock } from "../../platform/clock.ts";
import { RecentLog } from "../../platform/recent_log.ts";
import { DEFAULT_CONFIG, loadConfig } from "../service/config/config_file.ts";
import { processDataDir } from "../data_dir.ts";
import { type LogFlags, logFlags, startLogging } from "../service/run/logging.ts";
import type { Terminal } from "../terminal/output.ts";
import { openGateway, openNode, openProver, type Updating } from "../service/run/roles.ts";
import { type Part, startService } from "../service/run/service.ts";
import { gatewayPart, nodePart } from "../service/run/service_parts.ts";
import { untilStopped } from "../terminal/signals.ts";

interface Flags extends LogFlags {
  readonly config?: string;
  readonly dataDir?: string;
}

/** Whatever roles the configuration has, in one process. */
export function addRun(program: Command, terminal: Terminal): void {
  const command = program.command("run")
    .description("run what the configuration describes: a gateway, a node or both")
    .option("--config <file>", `configuration file (default ${DEFAULT_CONFIG})`)
    .option("--data-dir <folder>", "folder of the state");
  logFlags(command).action((flags: Flags) => run(flags, terminal));
}

async function run(flags: Flags, terminal: Terminal): Promise<void> {
  const file = await loadConfig(flags.config);
  const dataDir = processDataDir(flags.dataDir ?? file.data_dir);
  const recentLog = new RecentLog();
  const log = await startLogging(flags, terminal, { recent: recentLog });
  const service = startService(log);
  using stop = untilStopped();
  const parts: Part[] = [];
  await using running = new AsyncDisposableStack();
  const updating: Updating | undefined = file.node && file.update &&
    { config: file.update, restart: () => stop.stop("an update waits for its start") };
  let gateway: Gateway | undefined;
  if (file.gateway) {
    gateway = running.use(await openGateway(file.gateway, dataDir, log, { recentLog }));
    parts.push(gatewayPart(gateway));
    terminal.out(`Gateway on ${gateway.url}; to log in to its dashboard: ecowatt dashboard`);
  }
  if (file.node) {
    const node = running.use(await openNode(file.node, dataDir, log, updating));
    parts.push(nodePart(node, systemClock));
    if (gateway) running.use(gateway.metrics.add(node.metrics));
    terminal.out(`Node ${file.node.device_id} polls and uploads to ${file.node.gateway}`);
  }
  if (!updating) running.use(await openProver(parts, { dataDir, log }));
  await service.serve(parts, stop.signal);
}
