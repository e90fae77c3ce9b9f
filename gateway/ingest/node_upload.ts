import type { BlockReceipts } from "../store/block_receipts.ts";
import type { Device } from "../store/devices.ts";
import type { SampleBatch, SampleSink } from "../store/port/sample_batch.ts";
import { blocksAnswer, type DecodedBlock } from "./node_blocks.ts";
import type { StoredUpload } from "./stored_upload.ts";
import { checkTimes } from "./upload_bounds.ts";

/** What a node's upload writes to. */
export interface NodeUploadIo {
  readonly samples: SampleSink;
  readonly receipts: BlockReceipts;
}

/**
 * Stores the blocks that did not come before, inside the transaction of the caller. Throws `Fault` `refused` for blocks of
 * another time, or when the device has too many series.
 */
export function takeNodeUpload(
  device: Device,
  blocks: readonly DecodedBlock[],
  { samples, receipts }: NodeUploadIo,
  receivedAt: number,
): StoredUpload {
  checkTimes(blocks, receivedAt);
  const accepted = blocks.filter((block) => receipts.claim(device.row, block.blockId));
  const batches = accepted.map(({ inverter, series, payload }): SampleBatch => {
    return { device: device.deviceId, inverter, series, quality: "exact", receivedAt, payload };
  });
  const duplicates = accepted.length === blocks.length ? [] : blocks.filter((block) => !accepted.includes(block));
  samples.append(...batches);
  // A node that was restored from a backup makes new blocks under numbers that are used: it has to know from where on not.
  const more = duplicates.length === 0 ? {} : { next_block: receipts.next(device.row) };
  const answer = (published: boolean) => ({
    ...blocksAnswer(device.deviceId, accepted, duplicates, published),
    ...more,
  });
  return { batches, answer };
}
