import type { Logger } from "@logtape/logtape";
import type { NodeConfig } from "../../../device/config/node_config.ts";
import type { UpdateConfig } from "../../../device/config/update_config.ts";
import { type Node, startNode } from "../../../device/node.ts";
import type { NodeIo } from "../../../device/node_io.ts";
import { nodeDatabasePath } from "../../../device/store/database.ts";
import type { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { databasePath } from "../../../gateway/store/database.ts";
import { slotFiles } from "../../../ota/slots/files.ts";
import { bootOf } from "../../../ota/slots/slots.ts";
import { startProver } from "../../../ota/updater/prover.ts";
import { forgetCopies } from "../../../platform/migration_copy.ts";
import { systemClock } from "../../../platform/clock.ts";
import type { Library } from "../../../profiles/library.ts";
import type { RecentLog } from "../../../platform/recent_log.ts";
import { systemRandom } from "../../../platform/random.ts";
import { MODEL, VERSION } from "../../version.ts";
import { gatewayDir, nodeDir, slotsDir, tailDir } from "../../data_dir.ts";
import type { Part } from "./service.ts";

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
async function forgetMigrations(dataDir: string): Promise<void> {
  await forgetCopies([nodeDatabasePath(nodeDir(dataDir)), databasePath(gatewayDir(dataDir))]);
}

/** Whether the boot guard tries this executable. */
export function isOnTrial(): boolean {
  return bootOf(env).kind === "trial";
}

function env(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

/** How a node may keep this program up to date. */
export interface Updating {
  readonly config: UpdateConfig;
  /** Ends the program in order, so that the boot guard starts the new image. */
  readonly restart: () => void;
}

/** Starts a node on the real clock, network and disk. */
export function openNode(
  config: NodeConfig,
  dataDir: string,
  log: Logger,
  { updating, library }: { readonly updating?: Updating | undefined; readonly library?: Library } = {},
): Promise<Node> {
  const tail = tailDir((name) => Deno.env.get(name));
  return startNode(config, {
    dataDir: nodeDir(dataDir),
    ...(tail === undefined ? {} : { tailDir: tail }),
    clock: systemClock,
    random: systemRandom,
    fetch,
    log: log.getChild("node"),
    onTrial: isOnTrial(),
    ...(library && { library }),
    ...(updating && { update: updateOf(updating, dataDir, log) }),
  });
}

function updateOf({ config, restart }: Updating, dataDir: string, log: Logger): NonNullable<NodeIo["update"]> {
  const program = {
    self: { model: MODEL, version: VERSION },
    slots: env("ECOWATT_SLOTS") ?? slotsDir(dataDir),
    boot: bootOf(env),
    restart,
    settled: () => forgetMigrations(dataDir),
  };
  return { config, program, log: log.getChild("update") };
}

/** Lets an image that is on trial prove itself where no node updates this program. Nothing to do without the boot guard. */
export async function openProver(
  parts: readonly Part[],
  { dataDir, log }: { readonly dataDir: string; readonly log: Logger },
): Promise<AsyncDisposable | undefined> {
  const boot = bootOf(env);
  if (boot.kind === "unguarded") return undefined;
  const files = await slotFiles(env("ECOWATT_SLOTS") ?? slotsDir(dataDir));
  const alive = async () => (await Promise.all(parts.map((part) => part.alive()))).every(({ alive }) => alive);
  const settled = () => forgetMigrations(dataDir);
  return startProver({ alive, files, boot, settled, clock: systemClock, log: log.getChild("update") });
}
