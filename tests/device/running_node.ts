import { getLogger } from "@logtape/logtape";
import { NodeConfig } from "../../device/config/node_config.ts";
import { type Node, startNode } from "../../device/node.ts";
import type { Clock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { localFetch } from "../fakes/http.ts";

const testKeyDigits = "07".repeat(32);

/** A node of these inverters, each on a bus of its own: polled each 100 ms, uploaded each second. */
export function configOf(ports: Record<string, number>, gateway: string): NodeConfig {
  return NodeConfig.parse({
    device_id: "test-node",
    gateway,
    key: testKeyDigits,
    poll_interval: "100ms",
    upload_interval: "1s",
    buses: Object.entries(ports).map(([name, port]) => ({
      name,
      tcp: { host: "127.0.0.1", port },
      timing: { timeout: "500ms" },
      inverters: [{ name }],
    })),
  });
}

/** Starts it on a clock that a test moves. */
export function start(config: NodeConfig, dataDir: string, clock: Clock): Promise<Node> {
  const log = getLogger(["test"]);
  return startNode(config, { dataDir, clock, random: systemRandom, fetch: localFetch, log });
}
