import type { Logger } from "@logtape/logtape";
import { backoffMs } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import type { BusCounters } from "./counters.ts";
import { Deadline } from "../../platform/deadline.ts";
import type { Line, Link } from "./line.ts";

/** Why there is no link, and when (monotonic ms) the next try to open it is due. */
export interface Unopened {
  readonly detail: string;
  readonly retryAt: number;
  /** It was open and broke under a request: whether it had `worked` until then. */
  readonly broke?: { readonly worked: boolean };
}

const PAUSE = { firstMs: 500, longestMs: 30_000 } as const;

/** Keeps one line open: opens it when it is needed, again when it was lost, with growing pauses while that fails. */
export class Connection {
  readonly #line: Line;
  readonly #io: { readonly clock: Clock; readonly log: Logger };
  readonly #counters: BusCounters;
  readonly #reopened: (wasAway: boolean) => void;
  readonly #idle: Deadline;
  #link: Link | undefined;
  #openedAt = 0;
  #answered = false;
  #lost = false;
  #misses = 0;
  #failures = 0;
  /** Links that broke without an answer, since the last one. */
  #breaks = 0;
  #unopened: Unopened = { detail: "", retryAt: -Infinity };

  /** `reopened` is told when the line is back; `wasAway`: opening it had failed in between. */
  constructor(
    line: Line,
    io: { readonly clock: Clock; readonly log: Logger },
    counters: BusCounters,
    reopened: (wasAway: boolean) => void,
  ) {
    this.#line = line;
    this.#io = io;
    this.#counters = counters;
    this.#reopened = reopened;
    this.#idle = new Deadline(io.clock, () => this.#drop());
  }

  /** The open link, if there is one that may still be used; it is in use until `release`. */
  current(): Link | undefined {
    if (this.#line.idleCloseMs !== undefined) this.#idle.disarm();
    const { maxAgeMs } = this.#line;
    const old = maxAgeMs !== undefined && this.#io.clock.monotonic() - this.#openedAt >= maxAgeMs;
    if (old || this.#link?.spent) this.#drop();
    return this.#link;
  }

  /** Opens the line, unless that failed a moment ago. */
  async open(signal: AbortSignal): Promise<Link | Unopened> {
    if (this.#io.clock.monotonic() < this.#unopened.retryAt) return this.#unopened;
    try {
      this.#link = await this.#line.connect(signal);
    } catch (error) {
      this.#counters.openFailures++;
      return this.#pause(error instanceof Error ? error.message : String(error));
    }
    this.#opened();
    return this.#link;
  }

  /** The unit answered: the link works. */
  answered(): void {
    this.#answered = true;
    this.#misses = 0;
    this.#failures = this.#breaks = 0;
  }

  /** Nothing came back, or only answers to something else. After too many times in a row the link is given up. */
  missed(): void {
    this.#misses++;
    if (this.#misses >= (this.#line.reopenAfterMisses ?? Infinity)) this.#drop();
  }

  /** The link broke. One that had worked is opened again at once, and so is the first that had not. */
  broke(detail: string): Unopened {
    this.#io.log.debug("line lost {bus}: {detail}", { bus: this.#line.name, detail });
    this.#drop();
    this.#lost = true;
    const worked = this.#answered;
    const atOnce = worked || this.#breaks++ === 0;
    const unopened = atOnce ? { detail, retryAt: this.#io.clock.monotonic() } : this.#pause(detail);
    return this.#unopened = { ...unopened, broke: { worked } };
  }

  /** The link is not in use for now. */
  release(): void {
    if (this.#line.idleCloseMs !== undefined && this.#link) this.#idle.arm(this.#line.idleCloseMs);
  }

  close(): void {
    this.#idle[Symbol.dispose]();
    this.#drop();
  }

  #opened(): void {
    const wasAway = this.#failures > 0;
    if (this.#lost || wasAway) {
      if (this.#lost) this.#counters.reconnects++;
      this.#io.log.debug("line open again {bus}", { bus: this.#line.name });
      this.#reopened(wasAway);
    }
    this.#lost = this.#answered = false;
    this.#misses = 0;
    this.#openedAt = this.#io.clock.monotonic();
  }

  #pause(detail: string): Unopened {
    if (this.#failures === 0) {
      this.#io.log.debug("line cannot be used {bus}: {detail}", { bus: this.#line.name, detail });
    }
    const pauseMs = backoffMs(PAUSE, ++this.#failures);
    return this.#unopened = { detail, retryAt: this.#io.clock.monotonic() + pauseMs };
  }

  #drop(): void {
    this.#link?.close();
    this.#link = undefined;
  }
}
