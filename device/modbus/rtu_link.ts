import type { Clock } from "../../platform/clock.ts";
import type { LineTiming } from "./bus.ts";
import type { ByteStream } from "./byte_stream.ts";
import { LateAnswers } from "./late_answers.ts";
import type { Ask, Link, Reply } from "./line.ts";
import { encodeRequest, type Response } from "./pdu.ts";
import { encodeRtu, RTU_BYTES } from "./rtu.ts";
import { answerBytes, diagnose, findResponse, isComplete } from "./rtu_match.ts";

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

/** Modbus RTU over a line of bytes: a serial port, or a gateway that passes bytes through TCP. */
export class RtuLink implements Link {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #options: RtuOptions;
  readonly #late = new LateAnswers();
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
    if (probe === undefined) return await this.#ask(ask);
    const pdu = encodeRequest(probe);
    if (!pdu.ok) return { kind: "foreign", detail: pdu.detail, foreign: 0 };
    const reply = await this.#exchange({ ...ask, request: probe, pdu: pdu.value });
    if (reply.kind !== "response") return reply;
    if (!this.#proves(reply.response, ask.unit)) return { kind: "silence", foreign: reply.foreign + 1 };
    this.#late.clear(ask.unit);
    return await this.#exchange(ask);
  }

  close(): void {
    this.#stream.close();
  }

  /** An exchange that no missing answer can disturb: when a read is answered, nothing older is under way. */
  async #ask(ask: Ask): Promise<Reply> {
    const reply = await this.#exchange(ask);
    if (reply.kind === "response" && ask.request.fc <= 4) this.#late.clear(ask.unit);
    return reply;
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
    const response = await this.#collect(ask, sent, sentAt + ask.timeoutMs + wireMs);
    if (response === undefined) return await this.#missed(ask, sent);
    const tookMs = Math.max(0, this.#clock.monotonic() - sentAt - wireMs);
    return { kind: "response", response, tookMs, foreign: 0 };
  }

  /** Reads until the answer is whole (never waiting for the silence after it) or the time is over. */
  async #collect(ask: Ask, sent: Uint8Array, deadline: number): Promise<Response | undefined> {
    for (let left = deadline - this.#clock.monotonic(); left > 0; left = deadline - this.#clock.monotonic()) {
      const damaged = isComplete(this.#heard(sent), ask);
      const bytes = await this.#stream.read(damaged ? Math.min(SETTLED_MS, left) : left);
      if (bytes === undefined) return undefined;
      this.#append(bytes);
      this.#noticeEcho(ask, sent);
      const response = this.#echoed(sent) ? findResponse(this.#heard(sent), ask) : undefined;
      if (response) return response;
    }
    return undefined;
  }

  /** No answer: says what came instead, and listens on so that a late one does not run into the next request. */
  async #missed(ask: Ask, sent: Uint8Array): Promise<Reply> {
    const reply = this.#why(ask, sent);
    this.#late.note(ask, this.#clock.monotonic() + Math.max(this.#options.lateMs ?? LATE_MS, 4 * ask.timeoutMs));
    if (isComplete(this.#heard(sent), ask)) return reply;
    this.#length = 0;
    const came = await this.#collect(ask, new Uint8Array(), this.#clock.monotonic() + ask.timeoutMs);
    if (came === undefined) return reply;
    if (came.fc !== "exception") this.#late.clear(ask.unit);
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
