import { getLogger } from "@logtape/logtape";
import type { Bus } from "../../../device/modbus/bus.ts";
import { type ByteStream, LineClosed } from "../../../device/modbus/byte_stream.ts";
import type { BusOptions } from "../../../device/modbus/dispatcher.ts";
import { createBus } from "../../../device/modbus/line_bus.ts";
import { rtuLine, rtuOverTcpLine, tcpLine } from "../../../device/modbus/lines.ts";
import { encodeMbap, MbapDeframer } from "../../../device/modbus/mbap.ts";
import { decodeRequest, encodeResponse, type Request, type Response } from "../../../device/modbus/pdu.ts";
import { decodeRtu, encodeRtu, rtuRequestLength } from "../../../device/modbus/rtu.ts";
import type { FakeClock } from "../../fakes/clock.ts";
import { value } from "./peer.ts";

/** How frames go over a line. */
export type Transport = "tcp" | "serial" | "rtu over tcp";

/** One request as the device sees it, and how it answers. */
export interface Asked {
  readonly unit: number;
  readonly request: Request;
  /** Transaction id; 0 on RTU. */
  readonly tid: number;
  readonly framing: "tcp" | "rtu";
  /** Counts requests of this connection, and of all, from 1. */
  readonly turn: number;
  readonly total: number;
  /** What a test remembers of this connection. */
  readonly memory: Map<string, Uint8Array>;
  /** A response, framed as an answer to this request or as something else. */
  frame(response: Response, changed?: { unit?: number; tid?: number }): Uint8Array;
  /** Closes the connection. */
  hangUp(): void;
  /** Sends bytes, after `ms`. */
  send(bytes: Uint8Array, ms?: number): void;
}

/** A device in the time of a fast clock, on any line. */
export interface VirtualDevice {
  readonly clock: FakeClock;
  readonly asked: readonly Asked[];
  /** Connections ever opened. */
  readonly opened: () => number;
  bus(transport: Transport, options?: BusOptions, quirks?: Parameters<typeof tcpLine>[0]["quirks"]): Bus;
}

/** Registers of the device hold their own address plus 1000. */
export function wordsAt(address: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (1000 + address + i) & 0xffff);
}

/** The right answer to a request. */
export function rightAnswer(request: Request): Response {
  switch (request.fc) {
    case 3:
    case 4:
      return { fc: request.fc, values: wordsAt(request.address, request.count) };
    case 5:
    case 6:
      return request;
    case 16:
      return { fc: 16, address: request.address, count: request.values.length };
    default:
      return { fc: "exception", function: request.fc, code: 1 };
  }
}

/** A device that behaves as a test wants. */
export function virtualDevice(clock: FakeClock, behave: (asked: Asked) => void): VirtualDevice {
  const asked: Asked[] = [];
  let opened = 0;
  const open = (framing: Asked["framing"]) => {
    opened++;
    return new VirtualSocket(clock, framing, (next) => {
      const one = { ...next, total: asked.length + 1 };
      asked.push(one);
      behave(one);
    });
  };
  return {
    clock,
    asked,
    opened: () => opened,
    bus(transport, options = {}, quirks = {}) {
      const endpoint = { host: "device", port: 502, quirks };
      const line = transport === "tcp"
        ? tcpLine({ ...endpoint, open: () => Promise.resolve(open("tcp")) }, clock)
        : transport === "serial"
        ? rtuLine("serial", () => open("rtu"), { baud: 9600, quirks }, clock)
        : rtuOverTcpLine({ ...endpoint, open: () => Promise.resolve(open("rtu")) }, clock);
      return createBus(line, options, { clock, log: getLogger(["test"]) });
    },
  };
}

class VirtualSocket implements ByteStream {
  readonly #clock: FakeClock;
  readonly #framing: Asked["framing"];
  readonly #behave: (asked: Omit<Asked, "total">) => void;
  readonly #memory = new Map<string, Uint8Array>();
  readonly #frames: (bytes: Uint8Array) => { unit: number; tid: number; pdu: Uint8Array }[];
  #turn = 0;
  #input: { bytes: Uint8Array; at: number }[] = [];
  #arrived = Promise.withResolvers<void>();
  #closed = false;
  arrivedAt = 0;

  constructor(clock: FakeClock, framing: Asked["framing"], behave: (asked: Omit<Asked, "total">) => void) {
    this.#clock = clock;
    this.#framing = framing;
    this.#behave = behave;
    this.#frames = framing === "tcp" ? mbapFrames() : rtuFrames();
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(new LineClosed("closed"));
    for (const { unit, tid, pdu } of this.#frames(bytes)) {
      const request = value(decodeRequest(pdu));
      this.#behave({
        unit,
        tid,
        request,
        framing: this.#framing,
        turn: ++this.#turn,
        memory: this.#memory,
        frame: (response, changed = {}) => {
          const pdu = value(encodeResponse(response));
          if (this.#framing === "rtu") return value(encodeRtu(changed.unit ?? unit, pdu));
          return value(encodeMbap({ tid: changed.tid ?? tid, unit: changed.unit ?? unit, pdu }));
        },
        hangUp: () => this.close(),
        send: (bytes, ms = 10) => void this.#clock.sleep(ms).then(() => this.#push(bytes)),
      });
    }
    return Promise.resolve();
  }

  async read(timeoutMs: number): Promise<Uint8Array | undefined> {
    if (this.#input.length === 0 && timeoutMs > 0) {
      this.#arrived = Promise.withResolvers();
      const given = new AbortController();
      await Promise.race([this.#arrived.promise, this.#clock.sleep(timeoutMs, given.signal)]);
      given.abort();
    }
    if (this.#closed) throw new LineClosed("closed");
    const next = this.#input.shift();
    this.arrivedAt = next?.at ?? this.#clock.monotonic();
    return next?.bytes;
  }

  discardInput(): void {
    this.#input = [];
  }

  close(): void {
    this.#closed = true;
    this.#arrived.resolve();
  }

  #push(bytes: Uint8Array): void {
    this.#input.push({ bytes: bytes.slice(), at: this.#clock.monotonic() });
    this.#arrived.resolve();
  }
}

function mbapFrames() {
  const deframer = new MbapDeframer();
  return (bytes: Uint8Array) => {
    deframer.push(bytes);
    const frames: { unit: number; tid: number; pdu: Uint8Array }[] = [];
    for (let next = deframer.next(); next?.ok; next = deframer.next()) {
      frames.push({ ...next.value, pdu: next.value.pdu.slice() });
    }
    return frames;
  };
}

function rtuFrames() {
  return (bytes: Uint8Array) => {
    const length = rtuRequestLength(bytes);
    return length === bytes.length ? [{ tid: 0, ...value(decodeRtu(bytes)) }] : [];
  };
}

/** What a device with these registers answers: exception 2 where it has none. */
export function answerOf(words: ReadonlyMap<number, number>, request: Request): Response {
  if (request.fc !== 3) return { fc: "exception", function: request.fc, code: 1 };
  const values = Array.from({ length: request.count }, (_, i) => words.get(request.address + i));
  const whole = values.every((value) => value !== undefined);
  return whole ? { fc: 3, values: values.map((value) => value ?? 0) } : { fc: "exception", function: 3, code: 2 };
}
