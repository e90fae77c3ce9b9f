import { type BlockTotals, type RemovedBlock, ROW_BYTES, type StoredBlock } from "./block_table.ts";

/** Totals in step with a transaction, without counting the whole table. */
export class Tally {
  blocks: number;
  bytes: number;
  refused: number;

  constructor(totals: BlockTotals) {
    this.blocks = totals.blocks;
    this.bytes = totals.bytes;
    this.refused = totals.refused;
  }

  added(block: StoredBlock): void {
    this.blocks++;
    this.bytes += block.payload.length + ROW_BYTES;
  }

  removed(block: RemovedBlock | undefined): void {
    if (block === undefined) return;
    this.blocks--;
    this.bytes -= block.bytes;
    this.refused -= block.refused;
  }

  totals(): BlockTotals {
    return { blocks: this.blocks, bytes: this.bytes, refused: this.refused };
  }
}
