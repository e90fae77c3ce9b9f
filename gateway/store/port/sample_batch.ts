import type { DeviceId } from "../../../protocol/device_id.ts";
import type { Quality, Sample, Series } from "../../../protocol/sample.ts";

/** Consecutive samples of one inverter, as one upload brought them. */
export interface SampleBatch {
  readonly device: DeviceId;
  /** Name of the inverter at the device, 1 to 64 of A-Z a-z 0-9 _ . - */
  readonly inverter: string;
  readonly series: Series;
  readonly quality: Quality;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** The `ecowatt-block/1` bytes that `series` was decoded from, to be stored as they are. */
  readonly payload?: Uint8Array;
}

/** A clock may be ahead of the gateway's by so much. */
export const AHEAD_MS = 300_000;

/** When a sample that claims to be of `at` was taken: what claims to be much later than it came is taken for then. */
export function credibleTime(at: number, receivedAt: number): number {
  return at > receivedAt + AHEAD_MS ? receivedAt : at;
}

/** Where verified samples go. Called inside the transaction of the upload; throws when the store cannot take them. */
export interface SampleSink {
  /** Those of an upload together, in their order: what a device may have is counted once for all of them. */
  append(...batches: readonly SampleBatch[]): void;
}

/** A correction of one series: of its blocks that begin in a span of time and are not exact. */
export interface Revision {
  readonly device: DeviceId;
  readonly inverter: string;
  readonly profile: string;
  readonly registers: readonly string[];
  /** Unix milliseconds, `to` not included. */
  readonly from: number;
  readonly to: number;
  /** Gives the sample as it should have been, at the same time. */
  readonly correct: (sample: Sample) => Sample;
  /** Whether the samples of a block are estimates from then on that were provisional. */
  readonly settles: (samples: readonly Sample[]) => boolean;
}

/** A stored block whose samples were corrected. */
export interface RevisedBlock {
  /** What it was worth, and is worth now. */
  readonly was: Quality;
  readonly quality: Quality;
  readonly before: readonly Sample[];
  readonly after: readonly Sample[];
}

/** Corrects what is stored. Called inside a transaction. */
export interface SampleReviser {
  /** The blocks that the span holds, in order of time. */
  revise(revision: Revision): readonly RevisedBlock[];
}
