import assert from "node:assert/strict";
import { Folder } from "../outbox/folder.ts";
import type { StoredBlock } from "../../../device/outbox/block_table.ts";
import { decodeBlock } from "../../../protocol/block/block.ts";
import type { Sample } from "../../../protocol/sample.ts";
import { type Fault, FAULTS, type Transport } from "./faults.ts";
import { type NodeRun, pollByNode } from "./node_path.ts";
import { PatientClient } from "./patient_client.ts";
import { pointOf, POINTS } from "./true_inverter.ts";

const POLLS = 200, PERIOD_MS = 5000;
/** Devices that are polled at the same time. */
const BATCH = 64;

/** One device's faults: one, or two. */
type Pair = readonly [Fault, ...Fault[]];

/** What came of a pair. */
interface Outcome {
  readonly pair: Pair;
  /** Polls of which the patient client got everything, and the node. */
  readonly patient: number;
  readonly node: number;
  /** Values that were stored and never true at that time. */
  readonly wrong: readonly string[];
  /** Why polls came to nothing, most often. */
  readonly why: string;
}

/** Every fault alone and every two of them that can be together. */
export function pairsOn(transport: Transport): readonly Pair[] {
  const faults = FAULTS.filter(({ on }) => on.includes(transport));
  return faults.flatMap((one, i) =>
    faults.slice(i).flatMap((other): Pair[] =>
      other === one ? [[one]] : canBeTogether(one, other, transport) ? [[one, other]] : []
    )
  );
}

/**
 * Whether a person could tell what is meant: two places for one map are none, and who ignores unit ids cannot tell units apart.
 * An RTU answer that is too long in all respects is one to another request: it names none, and who wants no wrong value does
 * not take it.
 */
function canBeTogether(one: Fault, other: Fault, transport: Transport): boolean {
  if (one.base !== undefined && other.base !== undefined) return false;
  if (transport !== "tcp" && one.quirk === "ignore_length" && other.quirk === "ignore_length") return false;
  return !((one.others && other.quirk === "ignore_unit_id") || (other.others && one.quirk === "ignore_unit_id"));
}

/** Pairs of which less came once than of either fault alone: what made them fail is the kind, not the pair. */
const ONCE_WRONG: readonly (readonly [string, string])[] = [
  ["transaction id is always 0", "answers after 1.3 s"],
  ["transaction id is always 0", "hangs up after each answer"],
  ["transaction id is one too high", "hangs up instead of some answers"],
  ["transaction id is one too high", "the first request of a connection is lost"],
  ["frames are padded", "byte count is wrong"],
  ["answers after 1.3 s", "another unit's answers come first"],
  ["one answer behind from the 25th request of a connection on", "answers come in parts"],
  ["silent from the 40th request of a connection on", "a register is not answered"],
  ["some answers again after 1.5 s", "reads of more than 30 words are refused"],
  ["a register is refused with 4", "a register is not answered"],
  ["a register is not answered", "hangs up after each answer"],
  ["frames are padded", "another unit's answers come first"],
  ["byte count is wrong", "another unit's answers come first"],
  ["another unit's answers come first", "half of the answers are damaged"],
];

/** Every fault alone, and those pairs. */
export function usualOn(transport: Transport): readonly Pair[] {
  return pairsOn(transport).filter(([one, other]) =>
    other === undefined || ONCE_WRONG.some(([first, second]) => one.name === first && other.name === second)
  );
}

/** Polls the devices of all pairs. */
export async function pollPairs(pairs: readonly Pair[], transport: Transport): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < pairs.length; at += BATCH) {
    outcomes.push(...await pollBatch(pairs.slice(at, at + BATCH), transport));
  }
  return outcomes;
}

async function pollBatch(pairs: readonly Pair[], transport: Transport): Promise<readonly Outcome[]> {
  using folder = new Folder();
  const { outbox } = folder.open({ limitBytes: 2 ** 30 });
  const runs = await Promise.all(
    pairs.map((pair, i) =>
      pollByNode(pair, transport, { inverter: `pair-${i}`, outbox, polls: POLLS, periodMs: PERIOD_MS })
    ),
  );
  outbox.seal();
  const blocks = outbox.peek({ maxBlocks: 100_000, share: () => 0 });
  return pairs.flatMap((pair, i) => {
    const run = runs[i];
    return run ? outcomeOf(pair, transport, run, blocks.filter(({ inverter }) => inverter === `pair-${i}`)) : [];
  });
}

function outcomeOf(pair: Pair, transport: Transport, run: NodeRun, blocks: readonly StoredBlock[]): Outcome {
  const wanted = new Set(POINTS);
  for (const { withholds = [], loses = [] } of pair) for (const point of [...withholds, ...loses]) wanted.delete(point);
  const wrong: string[] = [];
  let node = 0;
  for (const block of blocks) {
    const points = block.registers.map(pointOf);
    for (const sample of samplesOf(block)) {
      const found = wrongIn(sample, points, run);
      wrong.push(...found);
      const given = new Set(points.filter((_, column) => sample.values[column] !== undefined));
      if (found.length === 0 && [...wanted].every((point) => given.has(point))) node++;
    }
  }
  return { pair, patient: new PatientClient(pair, transport).polls(POLLS, PERIOD_MS), node, wrong, why: whyNot(run) };
}

function samplesOf(block: StoredBlock): readonly Sample[] {
  const samples = decodeBlock(block.payload, { columns: block.registers.length, count: block.count });
  assert.ok(samples.ok);
  return samples.value;
}

/** The values of a sample that no register held while it was asked for. */
function wrongIn({ at, values }: Sample, points: readonly string[], { truth, startedAt, polls }: NodeRun): string[] {
  const ms = at - startedAt;
  const poll = polls.find(({ began, over }) => began <= ms + 1 && ms <= over + 1);
  if (!poll) return [`a sample at ${ms} ms, when no poll was`];
  return values.flatMap((raw, column) => {
    const point = points[column] ?? "";
    if (raw === undefined || truth.held(point, raw, poll.began, poll.over)) return [];
    return [`${point} = ${raw} at ${ms} ms`];
  });
}

function whyNot({ polls }: NodeRun): string {
  const counts = new Map<string, number>();
  for (const { fault } of polls) if (fault !== undefined) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, 2).map(([fault, times]) => `${times}x ${fault}`).join("; ");
}

/** Whether nothing wrong was stored, and 95 of 100 polls came that came for the patient client. */
export function isRight({ patient, node, wrong }: Outcome): boolean {
  return wrong.length === 0 && node >= 0.95 * patient;
}

/** One line for people. */
export function inWords({ pair, patient, node, wrong, why }: Outcome): string {
  const found = wrong.length === 0 ? "" : `; stored ${wrong.slice(0, 3).join(", ")}`;
  const said = node >= 0.95 * patient ? "" : `; ${why}`;
  return `${node} of ${patient} polls, ${wrong.length} wrong values: ${
    pair.map(({ name }) => name).join(", and ")
  }${found}${said}`;
}
