import type { BlockTable, BlockTotals, OutboxState, StoredBlock } from "./block_table.ts";
import type { OpenSeries } from "./open_series.ts";
import { blocksOf } from "./seal.ts";
import { Tally } from "./tally.ts";

/** What a seal finds. */
interface Sealing {
  readonly state: OutboxState;
  readonly totals: BlockTotals;
  /** The open samples, which become blocks. */
  readonly open: readonly OpenSeries[];
  /** Blocks that are done: undefined for acknowledged, a reason for refused. */
  readonly done: ReadonlyMap<number, string | undefined>;
  /** Samples that were dropped since the seal before. */
  readonly lost: number;
  /** Most bytes of blocks; the oldest are dropped beyond. */
  readonly limitBytes: number;
}

/** What it leaves. */
export interface Sealed {
  readonly state: OutboxState;
  readonly totals: BlockTotals;
  /** How many samples, the first of a new block, are of an earlier start of the machine; where there are any. */
  readonly restored: ReadonlyMap<number, number>;
}

/** Writes a seal. Called inside a transaction. */
export function writeSeal(table: BlockTable, { state, totals, open, done, lost, limitBytes }: Sealing): Sealed {
  const tally = new Tally(totals);
  const restored = new Map<number, number>();
  let { nextBlock } = state;
  for (const block of numbered(open, nextBlock, restored)) {
    table.add(block);
    tally.added(block);
    nextBlock = block.id + 1;
  }
  for (const [id, reason] of done) {
    if (reason === undefined) tally.removed(table.remove(id));
    else tally.refused += Number(table.refuse(id, reason));
  }
  const dropped = dropBeyond(limitBytes, table, tally);
  const next: OutboxState = {
    generation: state.generation + 1,
    nextBlock,
    droppedBlocks: state.droppedBlocks + dropped.blocks,
    droppedSamples: state.droppedSamples + lost + dropped.samples,
  };
  table.setState(next);
  return { state: next, totals: tally.totals(), restored };
}

/** The blocks of all series, numbered one after the other; fills in what of them is `restored`. */
function* numbered(
  open: readonly OpenSeries[],
  firstId: number,
  restored: Map<number, number>,
): Generator<StoredBlock> {
  let id = firstId;
  for (const { restored: left, ...series } of open) {
    let earlier = left;
    for (const block of blocksOf(series, id)) {
      if (earlier > 0) restored.set(block.id, Math.min(earlier, block.count));
      earlier -= block.count;
      yield block;
      id = block.id + 1;
    }
  }
}

function dropBeyond(limitBytes: number, table: BlockTable, tally: Tally): { blocks: number; samples: number } {
  const dropped = { blocks: 0, samples: 0 };
  while (tally.bytes > limitBytes) {
    const first = table.first();
    const removed = first === undefined ? undefined : table.remove(first);
    if (removed === undefined) break;
    tally.removed(removed);
    dropped.blocks++;
    dropped.samples += removed.count;
  }
  return dropped;
}
