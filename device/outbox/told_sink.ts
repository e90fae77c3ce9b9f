import type { Sample } from "../../protocol/sample.ts";
import type { SampleSink } from "../acquisition/sampler.ts";
import type { SeriesKey } from "./open_series.ts";

/** Passes samples on and tells of the first one: whoever starts a node, or wakes up, is to be seen at once. */
export class ToldSink implements SampleSink {
  readonly #sink: SampleSink;
  readonly #tell: () => void;
  #next = true;

  constructor(sink: SampleSink, tell: () => void) {
    this.#sink = sink;
    this.#tell = tell;
  }

  append(key: SeriesKey, sample: Sample): void {
    this.#sink.append(key, sample);
    if (this.#next) this.#tell();
    this.#next = false;
  }

  /** Tells of the next sample, too. */
  tellNext(): void {
    this.#next = true;
  }
}
