import { encodeBlock } from "../../protocol/block/block.ts";
import { MAX_PAYLOAD_BYTES, MAX_VALUES } from "../../protocol/messages/sample_blocks.ts";
import type { StoredBlock } from "./block_table.ts";
import type { OpenSeries } from "./open_series.ts";

/** Samples that make a block at most: one a minute fills a request of its own. */
export const SEAL_SAMPLES = 1000;

/** The samples of a series as blocks, numbered from `firstId` on, each of which fits into a request by itself. */
export function* blocksOf(series: OpenSeries, firstId: number): Generator<StoredBlock> {
  const most = Math.min(SEAL_SAMPLES, Math.floor(MAX_VALUES / series.registers.length));
  let id = firstId;
  for (let start = 0; start < series.samples.length; start += most) {
    for (const piece of fitting({ ...series, samples: series.samples.slice(start, start + most) })) {
      yield { ...piece, id: id++ };
    }
  }
}

/** One block, or several where the values are such that no compression helps. */
function fitting(series: OpenSeries): readonly Omit<StoredBlock, "id">[] {
  const { samples, ...key } = series;
  const payload = encodeBlock({ samples });
  if (payload.length > MAX_PAYLOAD_BYTES && samples.length > 1) {
    const half = Math.ceil(samples.length / 2);
    return [samples.slice(0, half), samples.slice(half)].flatMap((samples) => fitting({ ...series, samples }));
  }
  let startMs = Infinity;
  let endMs = -Infinity;
  for (const { at } of samples) {
    startMs = Math.min(startMs, at);
    endMs = Math.max(endMs, at);
  }
  return [{ ...key, count: samples.length, startMs, endMs, payload }];
}
