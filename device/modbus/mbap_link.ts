import type { Clock } from "../../platform/clock.ts";
import { type ByteStream, LineClosed } from "./byte_stream.ts";
import type { Ask, Link, Reply } from "./line.ts";
import { encodeMbap, MbapDeframer, type MbapFrame } from "./mbap.ts";
import { decodeResponse } from "./pdu.ts";

/**
 * Modbus TCP. An answer belongs to a request by its transaction id; any other is thrown away, never re-used. Bytes that
 * are not Modbus TCP end the connection: after them no frame border can be trusted.
 */
export class MbapLink implements Link {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #deframer = new MbapDeframer();
  #tid: number;

  readonly #gapMs: number;
  #quietFrom = -Infinity;

  /** `gapMs`: silence between an answer and the next request. */
  constructor(stream: ByteStream, clock: Clock, gapMs = 0) {
    this.#stream = stream;
    this.#clock = clock;
    this.#gapMs = gapMs;
    // A gateway that serves an old session's answers on a new connection would otherwise hit the same ids.
    this.#tid = clock.now() & 0xffff;
  }

  async exchange(ask: Ask): Promise<Reply> {
    this.#tid = (this.#tid + 1) & 0xffff;
    const frame = encodeMbap({ tid: this.#tid, unit: ask.unit, pdu: ask.pdu });
    if (!frame.ok) return { kind: "foreign", detail: frame.detail, foreign: 0 };
    if (this.#gapMs > 0) await this.#clock.sleep(this.#quietFrom - this.#clock.monotonic());
    const sentAt = this.#clock.monotonic();
    await this.#stream.write(frame.value);
    const reply = await this.#answer(ask, sentAt);
    if (this.#gapMs > 0) this.#quietFrom = this.#clock.monotonic() + this.#gapMs;
    return reply;
  }

  close(): void {
    this.#stream.close();
  }

  async #answer(ask: Ask, sentAt: number): Promise<Reply> {
    let foreign = 0;
    let detail: string | undefined;
    for (let now = sentAt; now < sentAt + ask.timeoutMs; now = this.#clock.monotonic()) {
      const bytes = await this.#stream.read(sentAt + ask.timeoutMs - now);
      if (bytes === undefined) break;
      this.#deframer.push(bytes);
      for (let frame = this.#next(); frame; frame = this.#next()) {
        detail = this.#strange(frame, ask.unit);
        if (detail === undefined) return this.#reply(frame, ask, sentAt, foreign);
        foreign++;
      }
    }
    if (this.#deframer.partial) throw this.#broken("an answer stopped half-way");
    return detail === undefined ? { kind: "silence", foreign } : { kind: "foreign", detail, foreign };
  }

  #next(): MbapFrame | undefined {
    const frame = this.#deframer.next();
    if (frame === undefined || frame.ok) return frame?.value;
    throw this.#broken(`what arrives is not Modbus TCP: ${frame.detail}`);
  }

  #broken(why: string): LineClosed {
    this.#stream.close();
    return new LineClosed(why);
  }

  #strange(frame: MbapFrame, unit: number): string | undefined {
    if (frame.tid !== this.#tid) return `an answer to transaction ${frame.tid} instead of ${this.#tid}`;
    return frame.unit === unit ? undefined : `an answer of unit ${frame.unit}: is ${unit} the right unit id?`;
  }

  #reply(frame: MbapFrame, ask: Ask, sentAt: number, foreign: number): Reply {
    const response = decodeResponse(frame.pdu, ask.request);
    if (!response.ok) return { kind: "foreign", detail: response.detail, foreign: foreign + 1 };
    return { kind: "response", response: response.value, tookMs: this.#clock.monotonic() - sentAt, foreign };
  }
}
