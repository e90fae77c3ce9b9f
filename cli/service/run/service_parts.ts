import type { Node } from "../../../device/node.ts";
import type { NodeStatus } from "../../../device/status/node_status.ts";
import type { Gateway } from "../../../gateway/gateway.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Part } from "./service.ts";

/** A gateway, as a service manager sees it. */
export function gatewayPart(gateway: Pick<Gateway, "alive" | "url">): Part {
  return { name: "gateway", alive: () => gateway.alive(), summary: () => `gateway on ${gateway.url}` };
}

/** A node, as a service manager sees it. */
export function nodePart(node: Pick<Node, "alive" | "status">, clock: Pick<Clock, "now">): Part {
  return { name: "node", alive: () => node.alive(), summary: () => nodeSummary(node.status(), clock.now()) };
}

/** What is said of a node. */
export interface NodeSummary {
  readonly inverters: readonly Pick<NodeStatus["inverters"][number], "lastSampleAt" | "failuresInRow" | "health">[];
  readonly outbox: Pick<NodeStatus["outbox"], "waiting" | "diskFault">;
  readonly uplink: Pick<NodeStatus["uplink"], "lastOkAt">;
  readonly commands: Pick<NodeStatus["commands"], "lastOkAt">;
}

/** Such as `2 inverters ok, 0 waiting, gateway reached 3 s ago`. `now`: unix milliseconds. */
export function nodeSummary({ inverters, outbox, uplink, commands }: NodeSummary, now: number): string {
  const works = ({ health, lastSampleAt, failuresInRow }: NodeSummary["inverters"][number]) =>
    health.state !== "asleep" && lastSampleAt !== undefined && failuresInRow === 0;
  const ok = inverters.filter(works).length;
  const asleep = inverters.filter(({ health }) => health.state === "asleep").length;
  const silent = inverters.length - ok - asleep;
  const reachedAt = Math.max(uplink.lastOkAt ?? 0, commands.lastOkAt ?? 0);
  return [
    `${ok} ${ok === 1 ? "inverter" : "inverters"} ok`,
    ...(asleep === 0 ? [] : [`${asleep} asleep`]),
    ...(silent === 0 ? [] : [`${silent} silent`]),
    `${outbox.waiting} waiting`,
    reachedAt === 0 ? "gateway not reached yet" : `gateway reached ${ago(now - reachedAt)} ago`,
    ...(outbox.diskFault === undefined ? [] : [`the disk refuses writes: ${outbox.diskFault}`]),
  ].join(", ");
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
