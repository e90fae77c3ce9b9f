import type { Command } from "commander";
import { GatewayConfig } from "../../gateway/config.ts";
import { systemClock } from "../../platform/clock.ts";
import { RecentLog } from "../../platform/recent_log.ts";
import { checked, number } from "../terminal/arguments.ts";
import { loadConfig } from "../service/config/config_file.ts";
import { processDataDir } from "../data_dir.ts";
import { type LogFlags, logFlags, startLogging } from "../service/run/logging.ts";
import type { Terminal } from "../terminal/output.ts";
import { isOnTrial, openGateway, openProver } from "../service/run/roles.ts";
import { openRole, startTogether } from "../service/run/roles_together.ts";
import { startService } from "../service/run/service.ts";
import { gatewayPart } from "../service/run/service_parts.ts";
import { untilStopped } from "../terminal/signals.ts";

interface Flags extends LogFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly host?: string;
  readonly port?: number;
}

/** The gateway alone. */
export function addGateway(program: Command, terminal: Terminal): void {
  const command = program.command("gateway")
    .description("run the gateway: take uploads, store them, answer operators")
    .option("--config <file>", "configuration file with a `gateway:` section; without it, the defaults")
    .option("--data-dir <folder>", "folder of the state")
    .option("--host <address>", "address to listen on (default 127.0.0.1)")
    .option("--port <port>", "HTTP port, 0 for any (default 8080)", number);
  logFlags(command).action((flags: Flags) => run(flags, terminal));
}

async function run(flags: Flags, terminal: Terminal): Promise<void> {
  const file = flags.config === undefined ? {} : await loadConfig(flags.config);
  const { host = file.gateway?.host, port = file.gateway?.port } = flags;
  const config = checked(GatewayConfig, { ...file.gateway, host, port });
  const recentLog = new RecentLog();
  const log = await startLogging(flags, terminal, { recent: recentLog });
  const service = startService(log);
  using stop = untilStopped();
  const dataDir = processDataDir(flags.dataDir ?? file.data_dir);
  const open = async () => {
    const gateway = await openGateway(config, dataDir, log, { recentLog });
    terminal.out(`Gateway on ${gateway.url}; to log in to its dashboard: ecowatt dashboard`);
    return openRole(gateway, gatewayPart(gateway));
  };
  const io = { clock: systemClock, log: log.getChild("service"), atOnce: isOnTrial() };
  await using running = await startTogether([{ name: "gateway", open }], io);
  const { parts } = running;
  await using _prover = await openProver(parts, { dataDir, log });
  await service.serve(parts, stop.signal);
}
