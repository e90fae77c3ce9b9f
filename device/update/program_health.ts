import type { Health } from "../../ota/slots/health.ts";
import type { NodeStatus } from "../status/node_status.ts";

/**
 * What the program has to show for itself on trial. A signed request needs a number that this process reserved on disk, and a
 * sample is on disk before it counts.
 */
export function programHealth({ inverters, uplink, commands, outbox }: NodeStatus): Health {
  const reached = uplink.lastOkAt !== undefined || commands.lastOkAt !== undefined;
  const sampled = inverters.some(({ lastSampleAt }) => lastSampleAt !== undefined);
  return {
    polled: inverters.length === 0 || sampled,
    reached,
    stored: (reached || sampled) && outbox.diskFault === undefined,
  };
}
