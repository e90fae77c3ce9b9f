import type { BlockTotals } from "./block_table.ts";

/** How the outbox is doing. */
export interface OutboxStatus extends BlockTotals {
  /** Blocks that the gateway has yet to take. The others of `blocks` are done and go with the next seal, or set aside. */
  readonly waiting: number;
  /** Samples that are not in a block yet. */
  readonly openSamples: number;
  /** Never delivered, because the outbox was full. */
  readonly droppedBlocks: number;
  readonly droppedSamples: number;
  /** What the disk said when it last refused something; undefined when it took the last. */
  readonly diskFault?: string;
  /** Times that the disk refused something. */
  readonly diskFaults: number;
}
