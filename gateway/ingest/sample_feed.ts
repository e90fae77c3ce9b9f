import type { Logger } from "@logtape/logtape";
import type { SampleBatch } from "../store/port/sample_batch.ts";

/** Hears of samples that are on disk: all that one upload brought. Must not wait for anything. */
type SampleListener = (batches: readonly SampleBatch[]) => void;

/** Tells what was stored, after its commit and never before. */
export interface SampleFeed {
  /** Calls every listener; none of them can make the upload fail. */
  stored(batches: readonly SampleBatch[]): void;
  /** Disposing ends it. */
  listen(listener: SampleListener): Disposable;
}

export function createSampleFeed(log: Logger): SampleFeed {
  const listeners = new Set<SampleListener>();
  return {
    stored(batches) {
      for (const listener of listeners) {
        try {
          listener(batches);
        } catch (error) {
          log.error("stored samples not passed on: {error}", { error });
        }
      }
    },
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}
