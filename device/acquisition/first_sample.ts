import type { PollObserver, PollReport } from "./sampler.ts";

/** Has the first sample uploaded at once, of whichever inverter: whoever starts a node, or wakes up, is to be seen. */
export class FirstSample implements PollObserver {
  readonly #upload: () => void;
  #expected = true;

  constructor(upload: () => void) {
    this.#upload = upload;
  }

  /** The next sample is a first one, too. */
  expect(): void {
    this.#expected = true;
  }

  polled({ poll }: PollReport): void {
    if (poll.kind !== "read" || !this.#expected) return;
    this.#expected = false;
    this.#upload();
  }
}
