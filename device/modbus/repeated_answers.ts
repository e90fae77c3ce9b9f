import type { Ask } from "./line.ts";
import type { Response } from "./pdu.ts";

/** Milliseconds after which an answer does not come once more. */
const MEMORY_MS = 2_000;

interface Answered {
  readonly ask: Ask;
  readonly response: Response;
  /** Monotonic ms. */
  readonly at: number;
}

/**
 * Answers of a line on which some come twice, where an answer does not name its request. The second looks like the answer
 * to the next request of as many words. It is known by its content: what has just been the answer to another request is
 * doubtful.
 */
export class RepeatedAnswers {
  #answered: Answered[] = [];

  note(ask: Ask, response: Response, at: number): void {
    if (ask.request.fc > 4) return; // a write is repeated by its answer
    this.#answered = this.#answered.filter((answered) => at - answered.at < MEMORY_MS);
    this.#answered.push({ ask, response, at });
  }

  /**
   * Whether what looks like the answer to `ask` was that to another request, and never to this one; or to this one, and now
   * comes `late`, when the right one may have been lost.
   */
  doubts(ask: Ask, response: Response, now: number, late: boolean): boolean {
    const same = this.#answered.filter((answered) =>
      now - answered.at < MEMORY_MS && answered.ask.unit === ask.unit && sameContent(answered.response, response)
    );
    return same.length > 0 && (late || !same.some((answered) => sameRequest(answered.ask, ask)));
  }
}

function sameRequest({ request: one }: Ask, { request: other }: Ask): boolean {
  return one.fc === other.fc && one.address === other.address;
}

function sameContent(one: Response, other: Response): boolean {
  if (one.fc !== other.fc) return false;
  if ("values" in one && "values" in other) return sameItems(one.values, other.values);
  if ("bits" in one && "bits" in other) return sameItems(one.bits, other.bits);
  return "code" in one && "code" in other && one.function === other.function && one.code === other.code;
}

function sameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, i) => item === other[i]);
}
