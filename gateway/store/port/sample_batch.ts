import type { DeviceId } from "../../../protocol/device_id.ts";
import type { Quality, Series } from "../../../protocol/sample.ts";

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
  append(batch: SampleBatch): void;
}
