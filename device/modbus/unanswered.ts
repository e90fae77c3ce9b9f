import type { Ask } from "./line.ts";
import { sameBytes } from "./packing.ts";

/** Requests without an answer that are remembered. */
const MOST = 256;

/** A request that got no answer in time. */
export interface Unanswered {
  readonly ask: Ask;
  /** Monotonic ms. */
  readonly sentAt: number;
}

/** Requests of a connection without an answer, by the transaction ids that tell a late one. */
export class UnansweredRequests {
  readonly #byTid = new Map<number, Unanswered>();

  /** The request with this transaction id got no answer so far; the oldest one is forgotten for it. */
  note(tid: number, ask: Ask, sentAt: number): void {
    const [oldest] = this.#byTid.size < MOST ? [] : this.#byTid.keys();
    if (oldest !== undefined) this.#byTid.delete(oldest);
    this.#byTid.set(tid, { ask, sentAt });
  }

  /** The request that an answer of this unit is for, which is not waited for any more. */
  take(tid: number, isOf: (asked: number) => boolean): Unanswered | undefined {
    const found = this.#byTid.get(tid);
    if (found === undefined || !isOf(found.ask.unit)) return undefined;
    this.#byTid.delete(tid);
    return found;
  }

  /** The earlier try of what `ask` reads whose answer this is: it says what was true since it was asked for. */
  earlierTry(tid: number, { unit, pdu, request, askedAt = Infinity }: Ask): Unanswered | undefined {
    const found = this.#byTid.get(tid);
    const same = found && request.fc <= 4 && found.sentAt >= askedAt && found.ask.unit === unit;
    return same && sameBytes(found.ask.pdu, pdu) ? found : undefined;
  }
}
