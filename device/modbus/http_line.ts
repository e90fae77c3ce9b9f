import { z } from "zod";
import { fromHex, toHex } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import { TimeLimit } from "../../platform/deadline.ts";
import { fetchTrouble } from "../../platform/fetch_trouble.ts";
import { LineClosed } from "./byte_stream.ts";
import type { Ask, ExchangeOutcome, Line, Link } from "./line.ts";
import { decodeResponse } from "./pdu.ts";
import { decodeRtu, encodeRtu } from "./rtu.ts";

/** The HTTP inverter simulator: RTU frames as hex digits in JSON. */
interface HttpLineOptions {
  /** "http://host:port", without a path of the API. */
  readonly baseUrl: string;
  /** Sent as the `Authorization` header as it is, without a scheme. Never logged. */
  readonly apiKey: string;
}

const MOST_BODY_BYTES = 4096;
/** An empty `frame` is how the simulator says that the request was malformed or its answer dropped. */
const Answer = z.object({ frame: z.string() });

/** A line whose requests are HTTP calls; every call carries one request and its answer, so nothing can come late. */
export function httpLine(options: HttpLineOptions, clock: Clock): Line {
  const base = new URL(options.baseUrl);
  const name = `${base.host}${base.pathname === "/" ? "" : base.pathname}`;
  return {
    name,
    timing: { charMs: 0, gapMs: 0 },
    broadcasts: false,
    connect: (signal) => Promise.resolve(new HttpLink(options, clock, signal)),
  };
}

class HttpLink implements Link {
  readonly #options: HttpLineOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #ended: AbortSignal;

  constructor(options: HttpLineOptions, clock: Clock, signal: AbortSignal) {
    this.#options = options;
    this.#clock = clock;
    this.#ended = AbortSignal.any([signal, this.#closing.signal]);
  }

  async exchange(ask: Ask): Promise<ExchangeOutcome> {
    const frame = encodeRtu(ask.unit, ask.pdu);
    if (!frame.ok) return { kind: "foreign", detail: frame.detail, foreign: 0, alive: false };
    const sentAt = this.#clock.monotonic();
    const text = await this.#post(
      ask.request.fc <= 4 ? "read" : "write",
      toHex(frame.value).toUpperCase(),
      ask.timeoutMs,
    );
    if (text === undefined) return { kind: "silence", foreign: 0 };
    return outcomeIn(text, ask, this.#clock.monotonic() - sentAt);
  }

  close(): void {
    this.#closing.abort();
  }

  /** The body of the answer, `undefined` when none came in time. */
  async #post(path: "read" | "write", frame: string, timeoutMs: number): Promise<string | undefined> {
    using late = new TimeLimit(this.#clock, this.#clock.monotonic() + timeoutMs);
    try {
      const response = await fetch(`${this.#options.baseUrl.replace(/\/+$/, "")}/api/inverter/${path}`, {
        method: "POST",
        headers: { accept: "*/*", authorization: this.#options.apiKey, "content-type": "application/json" },
        body: JSON.stringify({ frame }),
        signal: AbortSignal.any([late.signal, this.#ended]),
      });
      const text = await boundedText(response);
      if (!response.ok) throw new LineClosed(refusedCall(response.status));
      return text;
    } catch (error) {
      if (error instanceof LineClosed) throw error;
      if (this.#ended.aborted) throw new LineClosed("the line was closed");
      if (late.signal.aborted) return undefined;
      throw new LineClosed(fetchTrouble(error), { cause: error });
    }
  }
}

function outcomeIn(text: string, ask: Ask, tookMs: number): ExchangeOutcome {
  if (text.trim() === "") return { kind: "silence", foreign: 0 };
  const hex = frameIn(text);
  if (hex === undefined) {
    return { kind: "foreign", detail: "the answer is not JSON with a frame", foreign: 1, alive: false };
  }
  if (hex === "") return { kind: "silence", foreign: 0 };
  const bytes = fromHex(hex);
  const adu = bytes && decodeRtu(bytes);
  if (!adu?.ok) return { kind: "damaged", foreign: 0 };
  if (adu.value.unit !== ask.unit) {
    return { kind: "foreign", detail: `an answer of unit ${adu.value.unit}`, foreign: 1, alive: true };
  }
  const response = decodeResponse(adu.value.pdu, ask.request);
  if (!response.ok) return { kind: "foreign", detail: response.detail, foreign: 1, alive: true };
  return { kind: "response", response: response.value, tookMs, foreign: 0 };
}

function frameIn(text: string): string | undefined {
  try {
    return Answer.safeParse(JSON.parse(text)).data?.frame.trim();
  } catch {
    return undefined;
  }
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_BODY_BYTES) throw new LineClosed("the answer is too long for a frame");
  }
  return text;
}

function refusedCall(status: number): string {
  if (status === 401 || status === 403) return `the API key was refused (HTTP ${status})`;
  return `HTTP ${status}`;
}
