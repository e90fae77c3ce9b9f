import type { Table } from "../../protocol/profile/register.ts";
import type { LineTiming } from "../modbus/line_timing.ts";
import { type RegisterKey, registerKey } from "./register_reader.ts";

/** Registers that have to come in one answer: a value of one or two words. */
export interface Span {
  readonly table: Table;
  readonly address: number;
  readonly words: number;
  /** Address of the scale factor this value is worth nothing without: read in the same request where that is possible. */
  readonly factor?: number;
}

/** One read request and the spans it covers, in order of their addresses. */
export interface Block<S extends Span = Span> {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  readonly spans: readonly S[];
}

/** Names a read, whatever it covers: "holding:40070/42". */
export function blockKey({ table, address, count }: Block): string {
  return `${table}:${address}/${count}`;
}

/** What one request and each of its words cost, in the same unit. */
interface LineCost {
  readonly perRequest: number;
  readonly perWord: number;
}

/** Where reads must not go. */
export interface Obstacles {
  /** Registers the inverter refuses. */
  readonly holes: ReadonlySet<RegisterKey>;
  /** No read may hold both this register and the one before it. */
  readonly cuts: ReadonlySet<RegisterKey>;
}

/** Most registers of one read (Modbus application protocol 1.1b3 §6.3). */
export const MAX_READ = 125;

const TABLES: readonly Table[] = ["holding", "input", "coil", "discrete"];

/** Time an inverter typically takes to begin its answer. */
const TURNAROUND_MS = 20;
/** On a network the words are free and the request is not; beyond this gap foreign registers cost more than they save. */
const NETWORK_COST: LineCost = { perRequest: 32, perWord: 1 };

/** The cost of reads on a line: a request and its answer are 13 bytes around the words, two silences and the wait. */
export function lineCost(timing: LineTiming): LineCost {
  if (timing.charMs === 0) return NETWORK_COST;
  return { perRequest: 13 * timing.charMs + 2 * timing.gapMs + TURNAROUND_MS, perWord: 2 * timing.charMs };
}

/** What reading these blocks costs. */
export function costOf(blocks: readonly Block[], cost: LineCost): number {
  return blocks.reduce((sum, block) => sum + cost.perRequest + block.count * cost.perWord, 0);
}

interface Best {
  /** Index of the first span of the last block. */
  readonly from: number;
  /** Values parted from their scale factor so far: fewer is better whatever the cost. */
  readonly parted: number;
  readonly cost: number;
}

/**
 * The cheapest reads that cover every span once, none across an obstacle or beyond `maxRead` words. As few values as
 * possible are parted from their scale factors; among such plans the cost decides. Spans are whole in one block.
 */
export function planReads<S extends Span>(
  wanted: readonly S[],
  cost: LineCost,
  obstacles: Obstacles,
  maxRead = MAX_READ,
): readonly Block<S>[] {
  return TABLES.flatMap((table) => {
    const spans = wanted.filter((span) => span.table === table).sort((a, b) => a.address - b.address);
    return partition(spans, cost, obstacles, Math.min(maxRead, MAX_READ));
  });
}

/** Dynamic programme over the spans in order: best[j] is the best way to read the first j. */
function partition<S extends Span>(
  spans: readonly S[],
  cost: LineCost,
  obstacles: Obstacles,
  maxRead: number,
): readonly Block<S>[] {
  const joined = spans.map((span, i) => canJoin(spans[i - 1], span, obstacles, maxRead));
  const best: Best[] = [{ from: 0, parted: 0, cost: 0 }];
  for (let j = 1; j <= spans.length; j++) {
    const choice = bestEndingAt(spans, j, joined, best, cost, maxRead);
    if (choice) best.push(choice);
  }
  const blocks: Block<S>[] = [];
  for (let j = spans.length; j > 0;) {
    const from = best[j]?.from ?? j - 1;
    blocks.unshift(blockOf(spans.slice(from, j)));
    j = from;
  }
  return blocks;
}

function bestEndingAt(
  spans: readonly Span[],
  j: number,
  joined: readonly boolean[],
  best: readonly Best[],
  cost: LineCost,
  maxRead: number,
): Best | undefined {
  let choice: Best | undefined;
  for (let from = j - 1; from >= 0; from--) {
    const part = spans.slice(from, j);
    const count = wordsFrom(part);
    const before = best[from];
    if (!before || (count > maxRead && part.length > 1)) break;
    const parted = before.parted + partedIn(part);
    const total = before.cost + cost.perRequest + count * cost.perWord;
    if (!choice || parted < choice.parted || (parted === choice.parted && total < choice.cost)) {
      choice = { from, parted, cost: total };
    }
    if (!joined[from]) break;
  }
  return choice;
}

/** Whether one read may hold both a span and the one before it. */
function canJoin(before: Span | undefined, span: Span, obstacles: Obstacles, maxRead: number): boolean {
  if (!before) return false;
  const gapStart = before.address + before.words;
  if (span.address - gapStart > maxRead) return false;
  for (let address = gapStart; address < span.address; address++) {
    if (obstacles.holes.has(registerKey(span.table, address))) return false;
    if (obstacles.cuts.has(registerKey(span.table, address))) return false;
  }
  return !obstacles.cuts.has(registerKey(span.table, span.address));
}

function partedIn(part: readonly Span[]): number {
  const addresses = new Set(part.map((span) => span.address));
  return part.filter((span) => span.factor !== undefined && !addresses.has(span.factor)).length;
}

function wordsFrom(part: readonly Span[]): number {
  const end = part.reduce((end, span) => Math.max(end, span.address + span.words), 0);
  return end - (part[0]?.address ?? end);
}

/** The read that covers these spans of one table, which are in order of their addresses. */
export function blockOf<S extends Span>(spans: readonly S[]): Block<S> {
  const first = spans[0];
  return { table: first?.table ?? "holding", address: first?.address ?? 0, count: wordsFrom(spans), spans };
}
