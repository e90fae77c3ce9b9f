import { type Bytes, concat, utf8 } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import { type DeviceKey, type SignedRequest, signRequest, verifyResponse } from "../../protocol/device_signature.ts";
import { retryAfterMs } from "./backoff.ts";

/** Milliseconds a request may take, answer included. */
const TIMEOUT_MS = 30_000;
/** Most bytes of an answer that are read. */
const MAX_ANSWER_BYTES = 1024 * 1024;

const OCTETS = "application/octet-stream";
/** What is understood in an answer. Bytes rather than JSON where the gateway has both: chunks of firmware. */
const ACCEPT = `${OCTETS}, application/json;q=0.9`;

/** An answer of bytes. Its signature proves `octets`, not the header fields (by lower-case name). */
export interface OctetBody {
  readonly octets: Bytes;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a request to the gateway came to. */
export type Exchange =
  /** The gateway's own answer, its signature verified. `body`: parsed JSON, or an `OctetBody`; undefined when it is neither. */
  | { readonly kind: "answer"; readonly status: number; readonly body: unknown; readonly retryAfterMs?: number }
  /** Somebody answered, but not provably the gateway: nothing of it is to be believed. */
  | {
    readonly kind: "unproven";
    readonly status: number;
    readonly message: string;
    readonly retryAfterMs?: number;
  }
  /** No answer. */
  | { readonly kind: "unreachable"; readonly message: string };

/** What the client stands on. */
export interface GatewayClientIo {
  /** `http://host:port` or `https://…`, with a path prefix if the gateway has one. */
  readonly url: string;
  readonly key: DeviceKey;
  readonly sequence: { take(): number };
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly timeoutMs?: number;
}

/** Speaks to the gateway for one device: every request signed, every answer verified (PROTOCOL §2.2). */
export class GatewayClient {
  readonly #io: GatewayClientIo;

  constructor(io: GatewayClientIo) {
    this.#io = io;
  }

  /** Posts JSON. Rejects only when no sequence number can be had; aborting `signal` ends it as `unreachable`. */
  async post(path: string, message: unknown, signal: AbortSignal): Promise<Exchange> {
    const { clock, key, sequence } = this.#io;
    const body = utf8(JSON.stringify(message));
    const url = new URL(this.#io.url.replace(/\/+$/, "") + path).href;
    const created = Math.floor(clock.now() / 1000);
    const signed = signRequest(key, { method: "POST", url, body, sequence: sequence.take(), created });
    using deadline = new Deadline(clock, this.#io.timeoutMs ?? TIMEOUT_MS, signal);
    try {
      return await this.#exchange(url, signed, body, deadline.signal);
    } catch (error) {
      return { kind: "unreachable", message: deadline.passed ? "no answer in time" : rootMessage(error) };
    }
  }

  async #exchange(url: string, signed: SignedRequest, body: Bytes, signal: AbortSignal): Promise<Exchange> {
    const headers = { ...signed.headers, "content-type": "application/json", accept: ACCEPT };
    const response = await this.#io.fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    const { status } = response;
    const wait = retryAfterMs(response.headers.get("retry-after"), this.#io.clock.now());
    const after = wait === undefined ? {} : { retryAfterMs: wait };
    const answer = await readBounded(response);
    if (answer === undefined) return { kind: "unproven", status, message: "the answer is too long", ...after };
    const verified = verifyResponse(this.#io.key, signed, { status, fields: response.headers, body: answer });
    if (!verified.ok) return { kind: "unproven", status, message: `${status}, unsigned: ${verified.detail}`, ...after };
    return { kind: "answer", status, body: bodyOf(response.headers, answer), ...after };
  }
}

/** Aborts when the time is over or the outer signal says so; disposing it frees the timer. */
class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #done = new AbortController();
  #passed = false;

  constructor(clock: Clock, ms: number, outer: AbortSignal) {
    const time = new AbortController();
    this.signal = AbortSignal.any([outer, time.signal]);
    clock.sleep(ms, this.#done.signal).then(() => {
      if (this.#done.signal.aborted) return;
      this.#passed = true;
      time.abort();
    });
  }

  get passed(): boolean {
    return this.#passed;
  }

  [Symbol.dispose](): void {
    this.#done.abort();
  }
}

async function readBounded(response: Response): Promise<Bytes | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) return undefined; // leaving the loop cancels the body
    parts.push(part);
  }
  return concat(...parts);
}

function bodyOf(fields: Headers, bytes: Bytes): unknown {
  if (fields.get("content-type") !== OCTETS) return parseJson(bytes);
  return { octets: bytes, fields: Object.fromEntries(fields) } satisfies OctetBody;
}

function parseJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The innermost message says what really happened: "Connection refused", not "error sending request". */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : rootMessage(error.cause);
}
