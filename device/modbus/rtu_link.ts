import type { Clock } from "../../platform/clock.ts";
import type { LineTiming } from "./line_timing.ts";
import type { ByteStream } from "./byte_stream.ts";
import type { Quirk, Quirks } from "./quirks.ts";
import { exchangeGuarded, type LateAnswers } from "./late_answers.ts";
import type { Ask, ExchangeOutcome, LateAnswer, Link } from "./line.ts";
import { RepeatedAnswers } from "./repeated_answers.ts";
import { encodeRtu, RTU_BYTES } from "./rtu.ts";
import {
  answerBytes,
  diagnose,
  findLeniently,
  findResponse,
  foreignFrames,
  type Found,
  isComplete,
} from "./rtu_match.ts";

/** How an RTU line behaves. */
export interface RtuOptions {
  /** The adapter hears itself: every request must come back first, byte for byte. Unset: noticed on the first read. */
  readonly localEcho?: boolean;
  /** Milliseconds of silence after a broadcast, while units act on it; default 100 (serial line 1.02 §2.4.1). */
  readonly turnaroundMs?: number;
  /** Milliseconds for which an answer that did not come is still reckoned with; default 10 s. */
  readonly lateMs?: number;
}

/** What an RTU link knows of its line. */
interface RtuLinkOptions extends RtuOptions {
  readonly timing: LineTiming;
  readonly quirks: Quirks;
  /** What did not come before the line was opened anew may still come. */
  readonly late: LateAnswers;
}

const TURNAROUND_MS = 100;
const LATE_MS = 10_000;
/** Silence that ends a damaged answer, ms: above the 16 ms for which USB adapters collect bytes. */
const SETTLED_MS = 50;
/** Most bytes looked at for one answer: echo, frames for others and the answer. More is a jabbering line. */
const MOST_BYTES = 4 * RTU_BYTES.max;

const NOTHING = new Uint8Array();

/** Modbus RTU over a line of bytes: a serial port, or a gateway that passes bytes through TCP. */
export class RtuLink implements Link {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #options: RtuLinkOptions;
  readonly #late: LateAnswers;
  /** The longest that a unit lately took to answer, ms. */
  readonly #usualMs = new Map<number, number>();
  readonly #input = new Uint8Array(MOST_BYTES);
  readonly #repeated = new RepeatedAnswers();
  #length = 0;
  #quietFrom = -Infinity;
  #echoes: boolean;

  constructor(stream: ByteStream, clock: Clock, options: RtuLinkOptions) {
    this.#stream = stream;
    this.#clock = clock;
    this.#options = options;
    this.#late = options.late;
    this.#echoes = options.localEcho ?? false;
  }

  async exchange(ask: Ask): Promise<ExchangeOutcome> {
    return await exchangeGuarded(ask, this.#late, this.#clock.monotonic(), (ask) => this.#exchange(ask));
  }

  close(): void {
    this.#stream.close();
  }

  async #exchange(ask: Ask): Promise<ExchangeOutcome> {
    const frame = encodeRtu(ask.unit, ask.pdu);
    if (!frame.ok) return { kind: "foreign", detail: frame.detail, foreign: 0, alive: false };
    await this.#quiet();
    this.#stream.discardInput();
    this.#length = 0;
    await this.#stream.write(frame.value);
    const sentAt = this.#clock.monotonic();
    if (ask.unit === 0) return await this.#broadcast(frame.value.length);
    const outcome = await this.#answer(ask, frame.value, sentAt);
    this.#quietFrom = this.#clock.monotonic() + this.#options.timing.gapMs;
    return outcome;
  }

  async #answer(ask: Ask, sent: Uint8Array, sentAt: number): Promise<ExchangeOutcome> {
    const wireMs = this.#options.timing.charMs * (sent.length + answerBytes(ask));
    const found = await this.#collect(ask, sent, sentAt + ask.timeoutMs + wireMs);
    if (found === undefined) return await this.#missed(ask, sent, sentAt);
    const tookMs = Math.max(0, this.#clock.monotonic() - sentAt - wireMs);
    const late = this.#late.doubts(ask, found.response, sentAt);
    const unusual = tookMs > Math.max(SETTLED_MS, 4 * (this.#usualMs.get(ask.unit) ?? tookMs));
    const repeated = this.#repeated.doubts(ask, found.response, sentAt, unusual);
    this.#repeated.note(ask, found.response, sentAt);
    const second = late || repeated ? await this.#second(ask, sent, found, sentAt + wireMs) : undefined;
    if (late && second) {
      this.#late.came(ask);
      return { kind: "foreign", detail: "a late answer came beside the right one", foreign: 2, alive: true };
    }
    if (repeated && !second && found.response.fc !== "exception") {
      return { kind: "foreign", detail: "the answer to another request once more", foreign: 1, alive: true };
    }
    if (second) this.#repeated.note(ask, second.response, sentAt);
    this.#usualMs.set(ask.unit, Math.max(tookMs, (this.#usualMs.get(ask.unit) ?? 0) * 0.9));
    return { kind: "response", response: (second ?? found).response, tookMs, foreign: second ? 1 : 0 };
  }

  /** Another answer that follows while one could. */
  async #second(ask: Ask, sent: Uint8Array, first: Found, from: number): Promise<Found | undefined> {
    const rest = this.#heard(sent).slice(first.end);
    this.#length = 0;
    this.#append(rest);
    const behind = this.#found(rest, ask);
    if (behind) return behind;
    const usualMs = this.#usualMs.get(ask.unit);
    const waitMs = usualMs === undefined ? ask.timeoutMs : Math.min(ask.timeoutMs, Math.max(SETTLED_MS, 4 * usualMs));
    return await this.#collect(ask, NOTHING, from + waitMs);
  }

  /** Reads until the answer is whole (never waiting for the silence after it) or the time is over. */
  async #collect(ask: Ask, sent: Uint8Array, deadline: number): Promise<Found | undefined> {
    for (let left = deadline - this.#clock.monotonic(); left > 0; left = deadline - this.#clock.monotonic()) {
      const damaged = isComplete(this.#heard(sent), ask);
      const bytes = await this.#stream.read(damaged ? Math.min(SETTLED_MS, left) : left);
      if (bytes === undefined) return undefined;
      this.#append(bytes);
      this.#noticeEcho(ask, sent);
      const found = this.#echoed(sent) ? this.#found(this.#heard(sent), ask) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  #found(bytes: Uint8Array, ask: Ask): Found | undefined {
    const { quirks } = this.#options;
    const found = findResponse(bytes, ask);
    if (found) quirks.acquit(found.response);
    if (found || quirks.strict) return found;
    return findLeniently(bytes, ask, (deviations) => quirks.permits(deviations));
  }

  /** No answer: says what came instead, and listens on so that a late one does not run into the next request. */
  async #missed(ask: Ask, sent: Uint8Array, sentAt: number): Promise<ExchangeOutcome> {
    const { quirks, lateMs = LATE_MS } = this.#options;
    const now = this.#clock.monotonic();
    const heard = this.#heard(sent);
    const own = (deviations: readonly Quirk[]) => !deviations.includes("ignore_unit_id");
    const lenient = this.#echoed(sent) ? findLeniently(heard, ask, own) ?? findLeniently(heard, ask) : undefined;
    if (lenient && quirks.confirm(lenient.deviations)) {
      return { kind: "response", response: lenient.response, tookMs: now - sentAt, foreign: 0 };
    }
    if (lenient) quirks.suspect(lenient.deviations);
    const outcome = this.#why(ask, sent);
    const came = (lenient !== undefined && own(lenient.deviations)) ||
      (outcome.kind === "damaged" && isComplete(this.#heard(sent), ask));
    if (came) return outcome; // not as it should be, but nothing is missing
    const earlier = this.#earlier(ask, sent, now);
    this.#late.note(ask, now + Math.max(lateMs, 4 * ask.timeoutMs), sentAt);
    this.#length = 0;
    const found = await this.#collect(ask, NOTHING, now + ask.timeoutMs);
    if (found === undefined) return earlier ? { ...outcome, late: earlier } : outcome;
    this.#late.came(ask);
    const late = { unit: ask.unit, tookMs: this.#clock.monotonic() - sentAt };
    return { ...outcome, foreign: outcome.foreign + 1, late };
  }

  /** The answer to an earlier request that came instead, by its length. */
  #earlier({ unit }: Ask, sent: Uint8Array, now: number): LateAnswer | undefined {
    for (const frame of foreignFrames(this.#heard(sent))) {
      const sentAt = frame[0] === unit ? this.#late.sentAt(unit, frame.subarray(1, frame.length - 2)) : undefined;
      if (sentAt !== undefined) return { unit, tookMs: now - sentAt };
    }
    return undefined;
  }

  #why(ask: Ask, sent: Uint8Array): ExchangeOutcome {
    if (this.#echoes && !this.#echoed(sent)) {
      const detail = this.#length === 0
        ? "the echo of the request is missing: is local_echo right?"
        : "the echo differs from the request: another master is talking, or local_echo is wrong";
      return { kind: "foreign", detail, foreign: 0, alive: false };
    }
    const heard = this.#heard(sent);
    const diagnosis = diagnose(heard, ask);
    if (diagnosis.kind !== "foreign") return { kind: diagnosis.kind, foreign: 0 };
    const frames = foreignFrames(heard);
    const from = frames[0]?.[0];
    const alive = from === undefined || frames.some((frame) => frame[0] === ask.unit);
    const told = { foreign: diagnosis.frames, alive, ...(alive || from === undefined ? {} : { from }) };
    return { kind: "foreign", detail: diagnosis.detail, ...told };
  }

  async #broadcast(bytes: number): Promise<ExchangeOutcome> {
    const { timing, turnaroundMs } = this.#options;
    await this.#clock.sleep(bytes * timing.charMs + Math.max(turnaroundMs ?? TURNAROUND_MS, timing.gapMs));
    return { kind: "sent", foreign: 0 };
  }

  /** What was heard, less the echo. */
  #heard(sent: Uint8Array): Uint8Array {
    return this.#input.subarray(this.#echoes ? Math.min(sent.length, this.#length) : 0, this.#length);
  }

  #echoed(sent: Uint8Array): boolean {
    return !this.#echoes || this.#startsWith(sent);
  }

  /** A read is never answered with its own bytes: then the adapter echoes. */
  #noticeEcho(ask: Ask, sent: Uint8Array): void {
    if (this.#options.localEcho !== undefined || this.#echoes || ask.request.fc > 4 || sent.length === 0) return;
    this.#echoes = this.#startsWith(sent);
  }

  #startsWith(sent: Uint8Array): boolean {
    return this.#length >= sent.length && sent.every((byte, i) => this.#input[i] === byte);
  }

  #append(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, MOST_BYTES - this.#length);
    this.#input.set(taken, this.#length);
    this.#length += taken.length;
  }

  async #quiet(): Promise<void> {
    for (let left = this.#quietLeft(); left > 0.1; left = this.#quietLeft()) await this.#clock.sleep(Math.ceil(left));
  }

  #quietLeft(): number {
    return this.#quietFrom - this.#clock.monotonic();
  }
}
