import type { Logger } from "@logtape/logtape";
import type { Command } from "commander";
import type { Node } from "../../device/node.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { systemClock } from "../../platform/clock.ts";
import { RecentLog } from "../../platform/recent_log.ts";
import type { Library } from "../../profiles/library.ts";
import { type ConfigFile, DEFAULT_CONFIG, libraryOf, loadConfig } from "../service/config/config_file.ts";
import { processDataDir } from "../data_dir.ts";
import { type LogFlags, logFlags, startLogging } from "../service/run/logging.ts";
import type { Terminal } from "../terminal/output.ts";
import { isOnTrial, openGateway, openNode, openProver, type Updating } from "../service/run/roles.ts";
import { openRole, type Role, startTogether } from "../service/run/roles_together.ts";
import { startService } from "../service/run/service.ts";
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
  const updating: Updating | undefined = file.node && file.update &&
    { config: file.update, restart: () => stop.stop("an update waits for its start") };
  const roles = rolesOf(file, { dataDir, log, recentLog, updating, library: libraryOf(flags.config), terminal });
  await using running = new AsyncDisposableStack();
  const io = { clock: systemClock, log: log.getChild("service"), atOnce: isOnTrial() };
  const { parts } = running.use(await startTogether(roles, io));
  if (!updating) running.use(await openProver(parts, { dataDir, log }));
  await service.serve(parts, stop.signal);
}

interface RolesIo {
  readonly dataDir: string;
  readonly log: Logger;
  readonly recentLog: RecentLog;
  readonly updating: Updating | undefined;
  readonly library: Library;
  readonly terminal: Terminal;
}

/** The roles of the configuration. Whichever starts later has the gateway show the node's metrics beside its own. */
function rolesOf(file: ConfigFile, { dataDir, log, recentLog, updating, library, terminal }: RolesIo): readonly Role[] {
  let gateway: Gateway | undefined;
  let node: Node | undefined;
  let shown: Disposable | undefined;
  const show = () => {
    shown?.[Symbol.dispose]();
    shown = gateway && node && gateway.metrics.add(node.metrics);
  };
  const { gateway: gatewayConfig, node: nodeConfig } = file;
  const gatewayRole = gatewayConfig && {
    name: "gateway",
    open: async () => {
      gateway = await openGateway(gatewayConfig, dataDir, log, { recentLog });
      terminal.out(`Gateway on ${gateway.url}; to log in to its dashboard: ecowatt dashboard`);
      show();
      return openRole(gateway, gatewayPart(gateway), () => {
        gateway = undefined;
        show();
      });
    },
  };
  const nodeRole = nodeConfig && {
    name: "node",
    open: async () => {
      node = await openNode(nodeConfig, dataDir, log, { updating, library });
      terminal.out(`Node ${nodeConfig.device_id} polls and uploads to ${nodeConfig.gateway}`);
      show();
      return openRole(node, nodePart(node, systemClock), () => {
        node = undefined;
        show();
      });
    },
  };
  return [gatewayRole, nodeRole].filter((role) => role !== undefined);
}
