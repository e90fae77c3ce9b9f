import { decodeBlock, encodeBlock } from "../../protocol/block/block.ts";
import { MAX_PAYLOAD_BYTES, MAX_VALUES } from "../../protocol/messages/sample_blocks.ts";
import type { StoredBlock } from "./block_table.ts";
import { moved, type OpenSeries } from "./open_series.ts";

type SealedSeries = Omit<OpenSeries, "restored">;

/** Samples that make a block at most: one a minute fills a request of its own. */
export const SEAL_SAMPLES = 1000;

/** The samples of a series as blocks, numbered from `firstId` on, each of which fits into a request by itself. */
export function* blocksOf(series: SealedSeries, firstId: number): Generator<StoredBlock> {
  const most = Math.min(SEAL_SAMPLES, Math.floor(MAX_VALUES / series.registers.length));
  let id = firstId;
  for (let start = 0; start < series.samples.length; start += most) {
    for (const piece of fitting({ ...series, samples: series.samples.slice(start, start + most) })) {
      yield { ...piece, id: id++ };
    }
  }
}

/** One block, or several where the values are such that no compression helps. */
function fitting(series: SealedSeries): readonly Omit<StoredBlock, "id">[] {
  const { samples } = series;
  const block = blockOf(series);
  if (block.payload.length > MAX_PAYLOAD_BYTES && samples.length > 1) {
    const half = Math.ceil(samples.length / 2);
    return [samples.slice(0, half), samples.slice(half)].flatMap((samples) => fitting({ ...series, samples }));
  }
  return [block];
}

/** A block dated anew, but for its first `restored` samples: its clock was wrong by `ms`. Throws when it is damaged. */
export function redated(block: StoredBlock, ms: number, restored = 0): StoredBlock {
  const { id, payload, inverter, profile, registers } = block;
  const decoded = decodeBlock(payload, { columns: registers.length, count: block.count });
  if (!decoded.ok) throw new Error(`Cannot read block ${id}: ${decoded.detail}`);
  return { id, ...blockOf({ inverter, profile, registers, samples: moved({ samples: decoded.value, restored }, ms) }) };
}

function blockOf({ samples, ...key }: SealedSeries): Omit<StoredBlock, "id"> {
  let startMs = Infinity;
  let endMs = -Infinity;
  for (const { at } of samples) {
    startMs = Math.min(startMs, at);
    endMs = Math.max(endMs, at);
  }
  return { ...key, count: samples.length, startMs, endMs, payload: encodeBlock({ samples }) };
}
