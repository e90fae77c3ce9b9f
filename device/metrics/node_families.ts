import type { Family, Labels, Point } from "../../platform/metrics/exposition.ts";
import { InverterState } from "../../protocol/messages/node_health.ts";
import type { InverterStatus, NodeStatus } from "../status/node_status.ts";

/** What a node tells of itself besides what it counts. `now`: unix milliseconds, as `oldestAt`. */
export function nodeFamilies(
  { device, inverters, outbox, uplink }: NodeStatus,
  oldestAt: number | undefined,
  now: number,
): readonly Family[] {
  const ageMs = oldestAt === undefined ? undefined : Math.max(0, now - oldestAt);
  return [
    ...inverterFamilies(device, inverters),
    ...outboxFamilies({ device }, outbox, ageMs),
    ...uplinkFamilies({ device }, uplink),
  ];
}

function gauge(name: string, help: string, ...points: readonly Point[]): Family {
  return { name: `ecowatt_${name}`, help, type: "gauge", points };
}

function counter(name: string, help: string, ...points: readonly Point[]): Family {
  return { name: `ecowatt_${name}`, help, type: "counter", points };
}

function inverterFamilies(device: string, inverters: readonly InverterStatus[]): readonly Family[] {
  const each = (points: (inverter: InverterStatus, labels: Labels) => readonly Point[]): readonly Point[] =>
    inverters.flatMap((inverter) => points(inverter, { device, inverter: inverter.inverter }));
  return [
    counter(
      "polls_total",
      "Polls of an inverter, by whether they gave a sample",
      ...each(({ samples, failures }, labels) => [
        { labels: { ...labels, result: "sample" }, value: samples },
        { labels: { ...labels, result: "nothing" }, value: failures },
      ]),
    ),
    counter(
      "polls_missed_total",
      "Times that a poll did not take place because the one before took too long",
      ...each(({ missed }, labels) => [{ labels, value: missed }]),
    ),
    gauge(
      "node_inverter_state",
      "1 for the state that the node finds an inverter in, 0 for the others",
      ...each(({ health }, labels) =>
        InverterState.options.map((state) => ({ labels: { ...labels, state }, value: Number(state === health.state) }))
      ),
    ),
    gauge(
      "registers_quarantined",
      "Registers left out of the polls because the inverter refuses them",
      ...each(({ quarantined }, labels) => [{ labels, value: quarantined.length }]),
    ),
    counter(
      "values_withheld_total",
      "Values that could not be believed, by reason",
      ...each(({ withheld }, labels) =>
        Object.entries(withheld).map(([reason, value]) => ({ labels: { ...labels, reason }, value }))
      ),
    ),
  ];
}

/** `ageMs`: of the oldest sample that waits; `undefined` when none does. */
function outboxFamilies(labels: Labels, outbox: NodeStatus["outbox"], ageMs: number | undefined): readonly Family[] {
  return [
    gauge("store_records", "Blocks of samples that wait for the gateway", { labels, value: outbox.waiting }),
    gauge("store_bytes", "Size of the blocks that the node keeps", { labels, value: outbox.bytes }),
    gauge("store_oldest_age_seconds", "Age of the oldest sample that waits for the gateway", {
      labels,
      value: ageMs === undefined ? undefined : ageMs / 1000,
    }),
    counter("store_dropped_total", "Samples never delivered, because there was no more room for them", {
      labels,
      value: outbox.droppedSamples,
    }),
    counter("store_disk_faults_total", "Times that the disk refused something", { labels, value: outbox.diskFaults }),
  ];
}

function uplinkFamilies(labels: Labels, uplink: NodeStatus["uplink"]): readonly Family[] {
  return [
    counter("uplink_blocks_total", "Blocks that the gateway has acknowledged", { labels, value: uplink.sentBlocks }),
    counter("uplink_blocks_refused_total", "Blocks set aside because the gateway will not have them", {
      labels,
      value: uplink.setAside,
    }),
    gauge("gateway_up", "1 while the gateway takes the node's uploads", {
      labels,
      value: uplink.lastOkAt === undefined && uplink.failuresInRow === 0
        ? undefined
        : Number(uplink.failuresInRow === 0),
    }),
  ];
}
