import { isBusy, isGateways } from "./exception.ts";
import type { ExchangeOutcome } from "./line.ts";
import type { Response } from "./pdu.ts";

/** A busy device is asked again after this, ms, then after twice as much, so many times: some seconds in all. */
const BUSY = { firstMs: 100, times: 5 } as const;
/** A damaged answer is asked for again so often: it costs no time-out, and at half of all answers one in 64 still fails. */
const DAMAGED_TIMES = 5;

/** Connections that had worked and broke under a read, which cost none of its attempts. */
const BREAKS = 2;

/** The attempts of one request: whether another one follows. */
export class Tries {
  readonly #retries: number;
  #sent = 0;
  #unanswered = 0;
  #damaged = 0;
  #breaks = 0;
  #busy = 0;

  /** `retries`: further attempts after one without an answer; without any, damage is not asked again either. */
  constructor(retries: number) {
    this.#retries = retries;
  }

  /** Attempts so far that brought no good answer. */
  get sent(): number {
    return this.#sent;
  }

  /** Milliseconds after which the request goes out again; `undefined`: it does not. `reading`: it has no effect. */
  after(outcome: ExchangeOutcome | undefined, reading: boolean): number | undefined {
    if (outcome?.kind === "response") return this.#afterException(outcome.response, reading);
    if (outcome?.kind === "sent") return undefined;
    this.#sent++;
    if (outcome?.kind !== "damaged") return this.#unanswered++ < this.#retries ? 0 : undefined;
    this.#unanswered = this.#breaks = 0; // it is there
    return this.#retries > 0 && this.#damaged++ < Math.max(DAMAGED_TIMES, this.#retries) ? 0 : undefined;
  }

  /** The same, when a connection broke that had worked: devices hang up after an answer, while the next request is on its way. */
  afterBreak(): number | undefined {
    return this.#breaks++ < BREAKS ? 0 : this.after(undefined, true);
  }

  /**
   * A busy unit is alive: that costs none of the attempts. A write that it is still working on, or that got no answer behind a
   * gateway, is not to be repeated.
   */
  #afterException(response: Response, reading: boolean): number | undefined {
    if (response.fc !== "exception" || !(reading || response.code === 6)) return undefined;
    if (isGateways(response.code)) return this.#unanswered++ < this.#retries ? BUSY.firstMs : undefined;
    if (!isBusy(response.code)) return undefined;
    this.#unanswered = 0;
    return this.#busy < BUSY.times ? BUSY.firstMs * 2 ** this.#busy++ : undefined;
  }
}
