import type { Logger } from "@logtape/logtape";
import type { NodeConfig } from "../device/config.ts";
import { type Node, startNode } from "../device/node.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import { nodeDir } from "./data_dir.ts";

/** Starts a node on the real clock, network and disk. */
export function openNode(config: NodeConfig, dataDir: string, log: Logger): Promise<Node> {
  return startNode(config, {
    dataDir: nodeDir(dataDir),
    clock: systemClock,
    random: systemRandom,
    fetch,
    log: log.getChild("node"),
  });
}
