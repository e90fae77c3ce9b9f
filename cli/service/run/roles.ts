import type { Logger } from "@logtape/logtape";
import type { NodeConfig } from "../../../device/config/node_config.ts";
import { openLocalService } from "../../../device/local_service/local_service.ts";
import { type Node, startNode } from "../../../device/node.ts";
import { nodeDatabasePath } from "../../../device/node_state.ts";
import type { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { databasePath } from "../../../gateway/store/database.ts";
import { bootOf } from "../../../ota/slots/slots.ts";
import { forgetCopies } from "../../../platform/migration_copy.ts";
import { systemClock } from "../../../platform/clock.ts";
import type { RecentLog } from "../../../platform/recent_log.ts";
import { systemRandom } from "../../../platform/random.ts";
import { VERSION } from "../../commands/version.ts";
import { gatewayDir, nodeDir, tailDir } from "../config/data_dir.ts";

/** Starts a gateway on the real clock, network and disk. */
export function openGateway(
  config: GatewayConfig,
  dataDir: string,
  log: Logger,
  options: { readonly allowPublishedKeys?: boolean; readonly recentLog?: RecentLog } = {},
): Promise<Gateway> {
  return startGateway(config, {
    dataDir: gatewayDir(dataDir),
    clock: systemClock,
    random: systemRandom,
    log: log.getChild("gateway"),
    version: VERSION,
    onTrial: isOnTrial(),
    ...options,
  });
}

/** No older program needs the databases as they were before this one migrated them. */
export async function forgetMigrations(dataDir: string): Promise<void> {
  await forgetCopies([nodeDatabasePath(nodeDir(dataDir)), databasePath(gatewayDir(dataDir))]);
}

/** Whether the boot guard tries this executable. */
function isOnTrial(): boolean {
  return bootOf((name) => Deno.env.get(name) || undefined).kind === "trial";
}

/** Starts a node on the real clock, network and disk, and a local service where other programs may ask it. */
export async function openNode(config: NodeConfig, dataDir: string, log: Logger): Promise<Node> {
  const tail = tailDir((name) => Deno.env.get(name));
  await using opening = new AsyncDisposableStack();
  const io = { dataDir: nodeDir(dataDir), random: systemRandom, log: log.getChild("node"), onTrial: isOnTrial() };
  const node = opening.use(
    await startNode(config, { ...io, ...(tail === undefined ? {} : { tailDir: tail }), clock: systemClock, fetch }),
  );
  opening.use(openLocalService({ ...io, node }));
  const running = opening.move();
  return { ...node, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
