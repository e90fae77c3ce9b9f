import type { Clock } from "../../platform/clock.ts";
import { type ByteStream, LineClosed } from "./byte_stream.ts";
import { type Quirk, type Quirks, remedyFor } from "./quirks.ts";
import { askFor, exchangeGuarded, type LateAnswers } from "./late_answers.ts";
import type { Ask, ExchangeOutcome, LateAnswer, Link } from "./line.ts";
import { encodeMbap, MbapDeframer, type MbapFrame } from "./mbap.ts";
import { decodeLeniently, isFrom, type LenientAnswer } from "./lenient_mbap.ts";
import { word } from "./packing.ts";
import { decodeResponse, type Response } from "./pdu.ts";
import { type Unanswered, UnansweredRequests } from "./unanswered.ts";

/** How a Modbus TCP connection behaves. */
interface MbapOptions {
  /** Milliseconds of silence between an answer and the next request. */
  readonly gapMs: number;
  readonly quirks: Quirks;
  /** Of the line: what is missing of an earlier connection may still come on this one. */
  readonly late: LateAnswers;
}

/** Milliseconds for which an answer that did not come is still reckoned with, where answers do not name their requests. */
const LATE_MS = 10_000;
/** From one transaction id to the next: a device that counts one too far must not hit the id of the next request. */
const STRIDE = 257;
/**
 * An answer to an earlier request that follows the next one so soon, ms, was pushed out by it: the device is one behind. `idle`:
 * when there had been so much time before for it to come by itself.
 */
const PUSHED_MS = { again: 50, idle: 500 } as const;
/** After so many answers in a row that belong to the request before, the connection is opened anew. */
const MOST_BEHIND = 3;
/** After so many requests in a row without an answer, where that does not name its request, it is opened anew, too. */
const MOST_MISSES = 2;
/** A device that was late is given so many times what it took. */
const PATIENCE = 1.5;

/** What was heard in one exchange besides the answer. */
interface Heard {
  foreign: number;
  /** What the last of it was. */
  detail?: string;
  /** Something of it came from the unit asked, or to this very request. */
  alive: boolean;
  /** The unit that answered this very request, in the place of the one asked. */
  from?: number;
  /** How that deviates which could be the answer, were the device always so. */
  odd?: readonly Quirk[];
  late?: LateAnswer;
  /** Monotonic ms until which the answer may still come, as an earlier one came late. */
  waitUntil: number;
}

/**
 * Modbus TCP. An answer belongs to a request by its transaction id; any other is thrown away, never re-used. Bytes that
 * are not Modbus TCP end the connection: after them no frame border can be trusted.
 *
 * A device whose answers deviate is taken as its quirks allow (quirks.ts). Without transaction ids an answer could be one
 * to an earlier request, so the connection is opened anew whenever one is missing, and no two requests in a row are
 * answered alike: a probe goes between them (late_answers.ts).
 */
export class MbapLink implements Link {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #options: MbapOptions;
  readonly #quirks: Quirks;
  readonly #deframer = new MbapDeframer();
  readonly #unanswered = new UnansweredRequests();
  #tid: number;
  #requests = 0;
  #spent = false;
  /** Answers in a row that were those of an earlier try. */
  #behind = 0;
  /** Requests in a row without an answer, where answers do not name their requests. */
  #misses = 0;
  /** When the last exchange was over. */
  #overAt = -Infinity;

  constructor(stream: ByteStream, clock: Clock, options: MbapOptions) {
    this.#stream = stream;
    this.#clock = clock;
    this.#options = options;
    this.#quirks = options.quirks;
    // A gateway that serves an old session's answers on a new connection would otherwise hit the same ids.
    this.#tid = clock.now() & 0xffff;
  }

  get spent(): boolean {
    return this.#spent;
  }

  exchange(ask: Ask): Promise<ExchangeOutcome> {
    if (this.#quirks.suspected) return this.#tried(ask);
    return this.#quirks.ignores("ignore_transaction_id") ? this.#guarded(ask) : this.#exchange(ask);
  }

  close(): void {
    this.#stream.close();
  }

  /** Sees whether a device that was odd a moment ago is always so, by a request that nothing older answers. */
  async #tried(ask: Ask): Promise<ExchangeOutcome> {
    const probe = this.#options.late.unmistakable(ask, this.#clock.monotonic());
    const outcome = await this.#exchange(askFor(probe, ask));
    if (outcome.kind !== "response") return outcome;
    this.#options.late.pass(ask.unit);
    if (!this.#quirks.suspected) return await this.exchange(ask);
    this.#spent = true; // an exception does not tell: the next first answer will
    return await this.#exchange(ask);
  }

  async #guarded(ask: Ask): Promise<ExchangeOutcome> {
    const { late } = this.#options;
    if (this.#requests === 0) late.repeatable(undefined); // what answered on another connection does not on this one
    const outcome = await exchangeGuarded(ask, late, this.#clock.monotonic(), async (ask) => {
      const outcome = await this.#exchange(ask);
      if (outcome.kind === "response") late.repeatable(ask);
      return outcome;
    });
    this.#misses = outcome.kind === "response" ? 0 : this.#misses + 1;
    this.#spent ||= this.#misses >= MOST_MISSES;
    return outcome;
  }

  async #exchange(ask: Ask): Promise<ExchangeOutcome> {
    this.#tid = (this.#tid + STRIDE) & 0xffff;
    const frame = encodeMbap({ tid: this.#tid, unit: ask.unit, pdu: ask.pdu });
    if (!frame.ok) return { kind: "foreign", detail: frame.detail, foreign: 0, alive: false };
    const { gapMs } = this.#options;
    if (gapMs > 0) await this.#clock.sleep(this.#overAt + gapMs - this.#clock.monotonic());
    this.#requests++;
    if (!this.#quirks.strict) this.#discard(); // padding, or an answer that came twice: it answers nothing sent later
    const sentAt = this.#clock.monotonic();
    await this.#stream.write(frame.value);
    const outcome = await this.#answer(ask, sentAt);
    this.#overAt = this.#clock.monotonic();
    return outcome;
  }

  #discard(): void {
    this.#deframer.clear();
    this.#stream.discardInput();
  }

  async #answer(ask: Ask, sentAt: number): Promise<ExchangeOutcome> {
    // Without transaction ids a missing answer costs the connection, and a late one is never seen: it gets as long again.
    const times = this.#quirks.ignores("ignore_transaction_id") ? 2 : 1;
    const heard: Heard = { foreign: 0, alive: false, waitUntil: sentAt + times * ask.timeoutMs };
    for (let now = sentAt; now < heard.waitUntil; now = this.#clock.monotonic()) {
      const bytes = await this.#stream.read(heard.waitUntil - now);
      if (bytes === undefined) break;
      this.#deframer.push(bytes);
      const response = this.#take(ask, sentAt, heard);
      if (response === undefined) continue;
      const tookMs = this.#clock.monotonic() - sentAt;
      if (tookMs > ask.timeoutMs) heard.late ??= { unit: ask.unit, tookMs };
      return outcomeOf(response, tookMs, heard);
    }
    this.#missed(ask, sentAt, heard);
    const { foreign, detail, alive, from, late } = heard;
    const told = { foreign, ...(late && { late }) };
    if (detail === undefined) return { kind: "silence", ...told };
    return { kind: "foreign", detail, alive, ...(from === undefined ? {} : { from }), ...told };
  }

  /** The answer, as soon as what was pushed holds it. */
  #take(ask: Ask, sentAt: number, heard: Heard): Response | undefined {
    const framed = !this.#quirks.ignores("ignore_length");
    const anyProtocol = this.#quirks.ignores("ignore_protocol_id");
    for (;;) {
      const { held } = this.#deframer;
      const frame = framed ? this.#deframer.next(anyProtocol) : undefined;
      if (frame?.ok) {
        const response = this.#exact(frame.value, ask);
        if (response) this.#noteEarlierTry(frame.value.tid, ask, sentAt, heard);
        if (response) return response;
      }
      if (framed && frame === undefined && !this.#quirks.suspected) return undefined;
      const lenient = decodeLeniently(held, (tid) => this.#expects(tid, ask), ask);
      if (typeof lenient === "object") {
        if (this.#accepts(lenient)) {
          this.#noteEarlierTry(word(held, 0), ask, sentAt, heard);
          if (!frame?.ok) this.#deframer.skip(lenient.bytes);
          return lenient.response;
        }
        heard.odd ??= lenient.deviations;
      }
      if (lenient === "more" && !frame?.ok) return undefined;
      if (!this.#passedOver(frame ?? this.#deframer.next(anyProtocol), ask, sentAt, heard)) return undefined;
    }
  }

  /** The answer in a frame that is as it should be. */
  #exact(frame: MbapFrame, ask: Ask): Response | undefined {
    if (!this.#expects(frame.tid, ask) || !isFrom(frame.unit, ask.unit)) return undefined;
    const response = decodeResponse(frame.pdu, ask.request);
    if (!response.ok) return undefined;
    this.#quirks.acquit(response.value);
    return response.value;
  }

  /** Whether an answer with this transaction id answers what is asked: now, or in an earlier try. */
  #expects(tid: number, ask: Ask): boolean {
    return tid === this.#tid || this.#unanswered.earlierTry(tid, ask) !== undefined;
  }

  /** The answer that is taken may be that of an earlier try: then the one to this try is still to come. */
  #noteEarlierTry(tid: number, ask: Ask, sentAt: number, heard: Heard): void {
    const earlier = tid === this.#tid ? undefined : this.#unanswered.earlierTry(tid, ask);
    if (earlier === undefined) return void (this.#behind = 0);
    this.#spent ||= ++this.#behind >= MOST_BEHIND;
    this.#unanswered.take(tid, () => true);
    this.#unanswered.note(this.#tid, ask, sentAt);
    this.#noteLate(earlier, ask, sentAt, heard);
  }

  #accepts({ deviations }: LenientAnswer): boolean {
    return this.#quirks.permits(deviations) || (this.#requests === 1 && this.#quirks.confirm(deviations));
  }

  /** Passes over a frame that answers something else; false when its end is still to come. */
  #passedOver(frame: ReturnType<MbapDeframer["next"]>, ask: Ask, sentAt: number, heard: Heard): boolean {
    if (frame === undefined) return false;
    if (frame.ok) {
      this.#note(frame.value, ask, sentAt, heard);
      return true;
    }
    if (!this.#quirks.ignores("ignore_length") || this.#quirks.ignores("ignore_transaction_id")) {
      throw this.#broken(`what arrives is not Modbus TCP: ${frame.detail}`, ask, heard);
    }
    this.#deframer.skip(1); // padding: the transaction id tells where the answer begins
    return true;
  }

  #note({ tid, unit, pdu }: MbapFrame, ask: Ask, sentAt: number, heard: Heard): void {
    heard.foreign++;
    heard.alive ||= tid === this.#tid || isFrom(unit, ask.unit);
    const earlier = this.#unanswered.take(tid, (asked) => isFrom(unit, asked));
    if (earlier !== undefined) return this.#noteLate(earlier, ask, sentAt, heard);
    if (tid === this.#tid && !isFrom(unit, ask.unit)) heard.from = unit;
    const why = this.#strangeness({ tid, unit, pdu }, ask);
    heard.detail = heard.odd === undefined ? why : `${why}; ${remedyFor(heard.odd)}`;
  }

  #noteLate(earlier: Unanswered, ask: Ask, sentAt: number, heard: Heard): void {
    const arrivedAt = this.#stream.arrivedAt ?? this.#clock.monotonic();
    const tookMs = arrivedAt - earlier.sentAt;
    heard.detail = `the answer to an earlier request, ${seconds(tookMs)} after it`;
    const soon = sentAt - this.#overAt > PUSHED_MS.idle ? PUSHED_MS.idle : PUSHED_MS.again;
    if (arrivedAt > sentAt && arrivedAt - sentAt < soon) return;
    heard.late = { unit: earlier.ask.unit, tookMs };
    // A unit that answers one request after the other needs as long again for this one.
    const patienceMs = Math.min(PATIENCE * tookMs, ask.longestMs ?? 0);
    heard.waitUntil = Math.max(heard.waitUntil, Math.max(sentAt, arrivedAt) + patienceMs);
  }

  #strangeness({ tid, unit, pdu }: MbapFrame, ask: Ask): string {
    if (tid !== this.#tid) return `an answer to transaction ${tid} instead of ${this.#tid}`;
    if (!isFrom(unit, ask.unit)) return `an answer of unit ${unit}: is ${ask.unit} the right unit id?`;
    const response = decodeResponse(pdu, ask.request);
    return response.ok ? "an answer that is not to be taken" : response.detail;
  }

  /** No answer: what it looked like may be a quirk, and may still come. */
  #missed(ask: Ask, sentAt: number, heard: Heard): void {
    this.#unanswered.note(this.#tid, ask, sentAt);
    if (this.#deframer.held.length > 0 && !this.#quirks.ignores("ignore_length")) {
      const lenient = decodeLeniently(this.#deframer.held, (tid) => this.#expects(tid, ask), ask);
      if (typeof lenient === "object") heard.odd ??= lenient.deviations;
      throw this.#broken("an answer stopped half-way", ask, heard);
    }
    this.#suspect(ask, heard);
  }

  /** Only what a device does on its first answer can be a quirk: nothing older is under way then. */
  #suspect(ask: Ask, { odd, late }: Heard): void {
    const quirk = odd !== undefined && late === undefined && this.#requests === 1 && this.#quirks.suspect(odd);
    if (!quirk && !this.#quirks.ignores("ignore_transaction_id")) return;
    this.#spent ||= quirk;
    this.#options.late.note(ask, this.#clock.monotonic() + Math.max(LATE_MS, 4 * ask.timeoutMs));
  }

  #broken(why: string, ask: Ask, heard: Heard): LineClosed {
    this.#suspect(ask, heard);
    this.#stream.close();
    return new LineClosed(heard.odd === undefined ? why : `${why}; ${remedyFor(heard.odd)}`);
  }
}

function outcomeOf(response: Response, tookMs: number, { foreign, late }: Heard): ExchangeOutcome {
  return { kind: "response", response, tookMs, foreign, ...(late && { late }) };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
