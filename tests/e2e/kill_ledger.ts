import assert from "node:assert/strict";
import { countOf } from "./counting_inverter.ts";
import type { LineCounts } from "./faulty_line.ts";
import type { Operator, Order } from "./operator.ts";
import type { Point } from "./site.ts";

/** How a round of kills went. */
export interface KillLedger {
  /** Of everything that was decided by chance. */
  readonly seed: number;
  readonly kills: { readonly gateway: number; readonly node: number };
  readonly line: LineCounts;
  readonly samples: SampleLedger;
  readonly commands: CommandLedger;
}

interface SampleLedger {
  /** Polls that the inverter answered. */
  readonly answered: number;
  readonly stored: number;
  /** Answered to a node that was being killed: never polled as far as that knows. */
  readonly inFlight: number;
  readonly lost: 0;
  readonly doubled: 0;
}

interface CommandLedger {
  readonly queued: number;
  readonly completed: number;
  /** The node died at it, did not do it, and said so. */
  readonly interrupted: number;
  /** Orders that the line kept from the node, and gave it as answers to other requests only. */
  readonly baits: number;
  readonly baitsRun: 0;
  readonly writes: number;
  readonly lost: 0;
  readonly runTwice: 0;
}

/** What an operator asked for, and what the gateway tells of it. */
export type CommandsToAudit = Pick<Operator, "orders" | "told" | "count">;

/** Throws when the gateway took a request twice. */
export function auditLine(counts: LineCounts): LineCounts {
  assert.equal(counts.takenTwice, 0, "requests were taken by the gateway more than once");
  return counts;
}

/** How the node ended. */
interface NodeEnds {
  /** Answers that may have died with the node that had asked: the last ones on its connections. */
  readonly unheard: readonly number[];
  readonly ends: number;
}

/** Throws unless each of the first `answered` answers is stored once, but for one with each end of the node. */
export function auditSamples(points: readonly Point[], answered: number, { unheard, ends }: NodeEnds): SampleLedger {
  const counts = points.map(countOfPoint).filter((value) => value < answered);
  const unique = new Set(counts);
  assert.equal(unique.size, counts.length, "samples are stored twice");
  const missing = Array.from({ length: answered }, (_, value) => value).filter((value) => !unique.has(value));
  const lost = missing.filter((value) => !unheard.includes(value));
  assert.equal(lost.join(), "", `answers are lost, and the node was not killed while they were on their way`);
  assert.ok(missing.length <= ends, `${missing.length} answers are lost, and the node ended ${ends} times`);
  return { answered, stored: counts.length, inFlight: missing.length, lost: 0, doubled: 0 };
}

/** The number of the poll that a stored sample is from. */
export function countOfPoint({ values }: Point): number {
  // The raw register counts tenths of a volt.
  return countOf(Math.round(10 * (values["Vpv1"] ?? Number.NaN)), values["Pac"] ?? Number.NaN);
}

/**
 * Throws unless every order came to one end that is true of the inverter: completed and written once, or interrupted and
 * written once at most. `written`: what the inverter was told, in order.
 */
export async function auditCommands(
  operator: CommandsToAudit,
  written: readonly number[],
  bait: number,
): Promise<CommandLedger> {
  const orders = operator.orders.filter(({ percent }) => percent !== bait);
  assert.ok(!written.includes(bait), "the node took the answer to another request");
  const writes = writesOf(orders, written);
  const ends = { completed: 0, interrupted: 0 };
  for (const [order, count] of writes) {
    const told = await operator.told(order);
    const words = `${order.percent} %: ${told?.status}, ${told?.error_message}, written ${count} times`;
    assert.ok(count <= 1, `a command was executed twice: ${words}`);
    if (told?.status === "completed") {
      assert.equal(count, 1, words);
      ends.completed++;
    } else {
      assert.equal(told?.status, "failed", words);
      assert.match(told?.error_message ?? "", /^interrupted by a restart of the node; Pow holds/, words);
      ends.interrupted++;
    }
  }
  assert.equal(await operator.count(), new Set(operator.orders.flatMap(({ id }) => id ?? [])).size, "queued twice");
  const baits = operator.orders.length - orders.length;
  return { queued: orders.length, ...ends, baits, baitsRun: 0, writes: written.length, lost: 0, runTwice: 0 };
}

/** How often each order was written. A value is ordered again only when its order before is over, so the last one asked for it. */
function writesOf(orders: readonly Order[], written: readonly number[]): ReadonlyMap<Order, number> {
  const counts = new Map(orders.map((order) => [order, 0]));
  for (const [before, percent] of written.entries()) {
    const order = orders.findLast((one) => one.percent === percent && one.after <= before);
    assert.ok(order, `the inverter was set to ${percent} %, and nobody asked for it`);
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  return counts;
}
