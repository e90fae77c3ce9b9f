import type { SampleBatch } from "../store/port/sample_batch.ts";

/** What an upload brought, once it is stored in the transaction of the caller. */
export interface StoredUpload {
  readonly batches: readonly SampleBatch[];
  /** What the device is told; `published`: its samples go out over MQTT. */
  readonly answer: (published: boolean) => unknown;
}
