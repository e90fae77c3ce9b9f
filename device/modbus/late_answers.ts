import { isBusy } from "./exception.ts";
import type { Ask, ExchangeOutcome } from "./line.ts";
import { sameBytes } from "./packing.ts";
import { encodeRequest, type Request, type Response, responseLength } from "./pdu.ts";

const MOST_MISSING = 64;

interface Missing {
  readonly ask: Ask;
  /** A later request was answered: a unit that answers in order will not send it any more. */
  passed: boolean;
  /** Monotonic ms after which the answer is taken never to come. */
  readonly until: number;
  /** Monotonic ms at which it was asked for. */
  readonly sentAt: number;
}

/**
 * Answers of a line that did not come in time and may still come, where an answer names neither its request nor its
 * address: RTU, and Modbus TCP without transaction ids. A late one looks like the answer to the next request of its unit
 * and function. Against that: before such a request goes out, a probe does whose answer cannot be mistaken, and as units
 * answer in order, nothing older comes after it. Gateways may not keep the order: for a while an answer stays doubtful,
 * and a second one beside it counts.
 */
export class LateAnswers {
  #missing: Missing[] = [];
  #last: Ask | undefined;
  /** The longest read that each unit gave, by unit and function: every part of it is answered, also when another register is not. */
  readonly #given = new Map<string, Read>();

  /** The answer to `ask`, sent at `sentAt`, is missing until `until` (monotonic ms). */
  note(ask: Ask, until: number, sentAt = 0): void {
    this.#missing = this.#missing.filter((missing) => missing.until > sentAt);
    if (this.#missing.length < MOST_MISSING) this.#missing.push({ ask, until, sentAt, passed: false });
  }

  /** When the latest request went out to which `pdu` of this unit, now of no use, may be the missing answer. */
  sentAt(unit: number, pdu: Uint8Array): number | undefined {
    return this.#missing.findLast(({ ask: { unit: asked, request } }) =>
      asked === unit && request.fc === pdu[0] && responseLength(request) === pdu.length
    )?.sentAt;
  }

  /** A request was answered after everything that is missing of this unit. */
  pass(unit: number): void {
    for (const missing of this.#missing) missing.passed ||= missing.ask.unit === unit;
  }

  /** The unit gave what this read asks for. */
  gave({ unit, request }: Ask): void {
    if (!isRead(request)) return;
    const name = givenName(unit, request.fc);
    if (request.count >= (this.#given.get(name)?.count ?? 0)) this.#given.set(name, request);
  }

  /** `ask` was answered, and its answer may come once more: on a line that can get one answer behind. */
  repeatable(ask: Ask | undefined): void {
    this.#last = ask;
  }

  /** An answer that was missing came, now of no use: the oldest to a request of this unit and function. */
  came({ unit, request }: Ask): void {
    const at = this.#missing.findIndex(({ ask }) => ask.unit === unit && ask.request.fc === request.fc);
    if (at >= 0) this.#missing.splice(at, 1);
  }

  /** A request to send first, as an answer that is under way could be taken for the one to `ask`. */
  probeFor(ask: Ask, now: number): Request | undefined {
    const rivals = this.#rivals(ask, now).filter((missing) => !missing.passed);
    const doubtful = rivals.some((rival) => mistakable(rival.ask, ask)) || this.#repeats(ask);
    return doubtful ? this.#distinctFrom(ask, rivals) : undefined;
  }

  /** A request like `ask` whose answer cannot be one that is under way. */
  unmistakable(ask: Ask, now: number): Request {
    return this.#distinctFrom(ask, this.#rivals(ask, now));
  }

  /** Whether what looks like the answer to `ask` may be one that is missing. */
  doubts(ask: Ask, response: Response, now: number): boolean {
    return this.#rivals(ask, now).some((rival) =>
      mistakable(rival.ask, ask) &&
      (response.fc === "exception" || responseLength(rival.ask.request) === responseLength(ask.request))
    );
  }

  /** Whether only a request that was sent after all missing ones can have this answer. */
  proves(response: Response, unit: number): boolean {
    if (response.fc !== "exception") return true;
    const { function: fc } = response;
    return !this.#missing.some(({ ask, passed }) => !passed && ask.unit === unit && ask.request.fc === fc);
  }

  #repeats(ask: Ask): boolean {
    const last = this.#last;
    return last !== undefined && last.unit === ask.unit && mistakable(last, ask) &&
      responseLength(last.request) === responseLength(ask.request);
  }

  #distinctFrom(ask: Ask, rivals: readonly Missing[]): Request {
    const last = this.#last === undefined ? [] : [this.#last.request];
    const fc = probeFunction(ask.request);
    const others = [...rivals.map((rival) => rival.ask.request), ...last];
    return distinct(fc, [ask.request, ...others], this.#given.get(givenName(ask.unit, fc)));
  }

  #rivals({ unit }: Ask, now: number): readonly Missing[] {
    if (this.#missing.length === 0) return this.#missing;
    this.#missing = this.#missing.filter((missing) => missing.until > now);
    return this.#missing.filter((missing) => missing.ask.unit === unit);
  }
}

/** Sends a request by `exchange`, and before it a probe where an answer that is under way could be taken for its own. */
export async function exchangeGuarded(
  ask: Ask,
  late: LateAnswers,
  now: number,
  exchange: (ask: Ask) => Promise<ExchangeOutcome>,
): Promise<ExchangeOutcome> {
  const probe = late.probeFor(ask, now);
  if (probe !== undefined) {
    const outcome = await exchange(askFor(probe, ask));
    if (outcome.kind !== "response") return outcome;
    const { response } = outcome;
    if (response.fc === "exception" && isBusy(response.code)) return outcome; // whichever it answers: it is to be asked again
    if (!late.proves(response, ask.unit)) return { kind: "silence", foreign: outcome.foreign + 1 };
    late.pass(ask.unit);
  }
  const outcome = await exchange(ask);
  // Nothing that is missing could have been taken for this answer: it came after all of them.
  if (outcome.kind === "response" && ask.request.fc <= 4) late.pass(ask.unit);
  if (outcome.kind === "response" && outcome.response.fc !== "exception") late.gave(ask);
  return outcome;
}

/** Another request to the same unit, under the same terms. */
export function askFor(request: Request, ask: Ask): Ask {
  const pdu = encodeRequest(request);
  if (!pdu.ok) throw new RangeError(`Cannot ask: ${pdu.detail}`);
  return { ...ask, request, pdu: pdu.value };
}

/** The same write twice may be confirmed by either answer; everything else of one function may be mixed up. */
function mistakable(late: Ask, next: Ask): boolean {
  if (late.request.fc !== next.request.fc) return false;
  return !(late.request.fc > 4 && sameBytes(late.pdu, next.pdu));
}

type Read = Extract<Request, { readonly fc: 1 | 2 | 3 | 4 }>;

function isRead(request: Request): request is Read {
  return request.fc <= 4;
}

function givenName(unit: number, fc: number): string {
  return `${unit}/${fc}`;
}

function probeFunction({ fc }: Request): number {
  return fc <= 4 ? fc : fc === 5 || fc === 15 ? 1 : 3;
}

/** A read, part of `given` or else near the first request, whose answer has a length that none of the requests' answers has. */
function distinct(probeFc: number, requests: readonly [Request, ...Request[]], given?: Read): Request {
  const taken = new Set(requests.filter((request) => request.fc === probeFc).map(responseLength));
  const free = counts(probeFc).filter((count) => !taken.has(responseLength(readOf(probeFc, 0, count))));
  const part = given && free.find((count) => count <= given.count);
  if (given && part !== undefined) return readOf(probeFc, given.address, part);
  const [count] = free;
  return count === undefined
    ? readOf(probeFc, 0, 1)
    : readOf(probeFc, Math.min(requests[0].address, 0x10000 - count), count);
}

/** More counts than requests are ever missing. Two registers first: a device may refuse half of a 32-bit value. */
function counts(fc: number): number[] {
  const all = Array.from({ length: MOST_MISSING + 3 }, (_, i) => i + 1);
  return fc <= 2 ? all.map((bytes) => 8 * bytes) : [2, 1, ...all.slice(2)];
}

function readOf(fc: number, address: number, count: number): Request {
  return fc === 1 || fc === 2 ? { fc, address, count } : { fc: fc === 4 ? 4 : 3, address, count };
}
