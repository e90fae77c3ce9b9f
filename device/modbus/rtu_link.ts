import type { Clock } from "../../platform/clock.ts";
import type { LineTiming } from "./line_timing.ts";
import type { ByteStream } from "./byte_stream.ts";
import { LateAnswers } from "./late_answers.ts";
import type { Ask, Link, Reply } from "./line.ts";
import { encodeRequest, type Response } from "./pdu.ts";
import { encodeRtu, RTU_BYTES } from "./rtu.ts";
import { answerBytes, diagnose, findResponse, type Found, isComplete } from "./rtu_match.ts";

/** How an RTU line behaves. */
export interface RtuOptions {
  readonly timing: LineTiming;
  /** The adapter hears itself: every request must come back first, byte for byte. Unset: noticed on the first read. */
  readonly localEcho?: boolean;
  /** Milliseconds of silence after a broadcast, while units act on it; default 100 (serial line 1.02 §2.4.1). */
  readonly turnaroundMs?: number;
  /** Milliseconds for which an answer that did not come is still reckoned with; default 10 s. */
  readonly lateMs?: number;
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
  readonly #options: RtuOptions;
  readonly #late = new LateAnswers();
  /** The longest that a unit lately took to answer, ms. */
  readonly #usualMs = new Map<number, number>();
  readonly #input = new Uint8Array(MOST_BYTES);
  #length = 0;
  #quietFrom = -Infinity;
  #echoes: boolean;

  constructor(stream: ByteStream, clock: Clock, options: RtuOptions) {
    this.#stream = stream;
    this.#clock = clock;
    this.#options = options;
    this.#echoes = options.localEcho ?? false;
  }

  async exchange(ask: Ask): Promise<Reply> {
    const probe = this.#late.probeFor(ask, this.#clock.monotonic());
    if (probe !== undefined) {
      const pdu = encodeRequest(probe);
      if (!pdu.ok) return { kind: "foreign", detail: pdu.detail, foreign: 0 };
      const reply = await this.#exchange({ ...ask, request: probe, pdu: pdu.value });
      if (reply.kind !== "response") return reply;
      if (!this.#proves(reply.response, ask.unit)) return { kind: "silence", foreign: reply.foreign + 1 };
      this.#late.pass(ask.unit);
    }
    const reply = await this.#exchange(ask);
    // Nothing that is missing could have been taken for this answer: it came after all of them.
    if (reply.kind === "response" && ask.request.fc <= 4) this.#late.pass(ask.unit);
    return reply;
  }

  close(): void {
    this.#stream.close();
  }

  async #exchange(ask: Ask): Promise<Reply> {
    const frame = encodeRtu(ask.unit, ask.pdu);
    if (!frame.ok) return { kind: "foreign", detail: frame.detail, foreign: 0 };
    await this.#quiet();
    this.#stream.discardInput();
    this.#length = 0;
    await this.#stream.write(frame.value);
    const sentAt = this.#clock.monotonic();
    if (ask.unit === 0) return await this.#broadcast(frame.value.length);
    const reply = await this.#answer(ask, frame.value, sentAt);
    this.#quietFrom = this.#clock.monotonic() + this.#options.timing.gapMs;
    return reply;
  }

  async #answer(ask: Ask, sent: Uint8Array, sentAt: number): Promise<Reply> {
    const wireMs = this.#options.timing.charMs * (sent.length + answerBytes(ask));
    const found = await this.#collect(ask, sent, sentAt + ask.timeoutMs + wireMs);
    if (found === undefined) return await this.#missed(ask, sent);
    const tookMs = Math.max(0, this.#clock.monotonic() - sentAt - wireMs);
    if (this.#late.doubts(ask, found.response, sentAt) && await this.#second(ask, sent, found, sentAt + wireMs)) {
      this.#late.came(ask);
      return { kind: "foreign", detail: "a late answer came beside the right one", foreign: 2 };
    }
    this.#usualMs.set(ask.unit, Math.max(tookMs, (this.#usualMs.get(ask.unit) ?? 0) * 0.9));
    return { kind: "response", response: found.response, tookMs, foreign: 0 };
  }

  /** Whether another answer follows while one could: then nobody knows which of the two is the late one. */
  async #second(ask: Ask, sent: Uint8Array, first: Found, from: number): Promise<boolean> {
    const rest = this.#heard(sent).slice(first.end);
    this.#length = 0;
    this.#append(rest);
    if (findResponse(rest, ask)) return true;
    const usualMs = this.#usualMs.get(ask.unit);
    const waitMs = usualMs === undefined ? ask.timeoutMs : Math.min(ask.timeoutMs, Math.max(SETTLED_MS, 4 * usualMs));
    return await this.#collect(ask, NOTHING, from + waitMs) !== undefined;
  }

  /** Reads until the answer is whole (never waiting for the silence after it) or the time is over. */
  async #collect(ask: Ask, sent: Uint8Array, deadline: number): Promise<Found | undefined> {
    for (let left = deadline - this.#clock.monotonic(); left > 0; left = deadline - this.#clock.monotonic()) {
      const damaged = isComplete(this.#heard(sent), ask);
      const bytes = await this.#stream.read(damaged ? Math.min(SETTLED_MS, left) : left);
      if (bytes === undefined) return undefined;
      this.#append(bytes);
      this.#noticeEcho(ask, sent);
      const found = this.#echoed(sent) ? findResponse(this.#heard(sent), ask) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  /** No answer: says what came instead, and listens on so that a late one does not run into the next request. */
  async #missed(ask: Ask, sent: Uint8Array): Promise<Reply> {
    const reply = this.#why(ask, sent);
    if (isComplete(this.#heard(sent), ask)) return reply; // it came, damaged: nothing is missing
    this.#late.note(ask, this.#clock.monotonic() + Math.max(this.#options.lateMs ?? LATE_MS, 4 * ask.timeoutMs));
    this.#length = 0;
    const late = await this.#collect(ask, NOTHING, this.#clock.monotonic() + ask.timeoutMs);
    if (late === undefined) return reply;
    this.#late.came(ask);
    return { ...reply, foreign: reply.foreign + 1 };
  }

  #why(ask: Ask, sent: Uint8Array): Reply {
    if (this.#echoes && !this.#echoed(sent)) {
      const detail = this.#length === 0
        ? "the echo of the request is missing: is local_echo right?"
        : "the echo differs from the request: another master is talking, or local_echo is wrong";
      return { kind: "foreign", detail, foreign: 0 };
    }
    const diagnosis = diagnose(this.#heard(sent), ask);
    if (diagnosis.kind === "foreign") return { kind: "foreign", detail: diagnosis.detail, foreign: diagnosis.frames };
    return { kind: diagnosis.kind, foreign: 0 };
  }

  async #broadcast(bytes: number): Promise<Reply> {
    const { timing, turnaroundMs } = this.#options;
    await this.#clock.sleep(bytes * timing.charMs + Math.max(turnaroundMs ?? TURNAROUND_MS, timing.gapMs));
    return { kind: "sent", foreign: 0 };
  }

  /** An answer that only a request sent after all missing ones can have. */
  #proves(response: Response, unit: number): boolean {
    return response.fc !== "exception" || !this.#late.mayRefuse(unit, response.function);
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
