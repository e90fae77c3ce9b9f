import type { Clock } from "../../platform/clock.ts";
import type { RecentLog } from "../../platform/recent_log.ts";
import type { GatewayConfig } from "../config.ts";
import { diskRoom, storeBytes } from "./disk.ts";

/** The process that answers, and where it keeps things. */
export interface SystemIo {
  readonly version: string;
  readonly dataDir: string;
  /** What it was started with; a command of this machine knows none. */
  readonly config: Partial<GatewayConfig>;
  /** When it began to listen, unix milliseconds; `undefined`: it does not. */
  readonly startedAt: number | undefined;
  readonly recentLog: Pick<RecentLog, "latest">;
  readonly clock: Pick<Clock, "now">;
}

/** How the gateway is doing. Times in unix milliseconds, sizes in bytes. */
export function systemReport({ version, dataDir, config, startedAt, clock }: SystemIo) {
  const disk = diskRoom(dataDir);
  return {
    version,
    runtime: `Deno ${Deno.version.deno}, ${Deno.build.target}`,
    time_ms: clock.now(),
    started_at_ms: startedAt ?? null,
    memory_bytes: Deno.memoryUsage().rss,
    database_bytes: storeBytes(dataDir),
    disk: disk ? { free_bytes: disk.freeBytes, total_bytes: disk.totalBytes } : null,
    retention_days: config.retention_days ?? null,
  };
}
type SystemReport = ReturnType<typeof systemReport>;
