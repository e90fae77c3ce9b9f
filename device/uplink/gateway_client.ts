import { z } from "zod";
import { type Bytes, concat, utf8 } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import { TimeLimit } from "../../platform/deadline.ts";
import type { Random } from "../../platform/random.ts";
import { type DeviceKey, type SignedRequest, signRequest, verifyResponse } from "../../protocol/device_signature.ts";
import { retryAfterMs } from "./retry_after.ts";
import type { Exchange, ExchangeReport, GatewayObserver, OctetBody, Poster } from "./exchange.ts";

/** Milliseconds until an answer begins, and between two pieces of it. */
const TIMEOUT_MS = 30_000;
/** Bytes a second that an answer has to come with after that time, all in all: 256 KiB take nine minutes at most. */
const LEAST_BYTES_PER_S = 512;
/** Most bytes of an answer that are read. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The gateway tells whole seconds, rounded down. */
const HALF_A_SECOND_MS = 500;

const OCTETS = "application/octet-stream";
/** What is understood in an answer. Bytes rather than JSON where the gateway has both: chunks of firmware. */
const ACCEPT = `${OCTETS}, application/json;q=0.9`;

/** Bytes that make a request unlike any other. */
const NONCE_BYTES = 16;
/** For how long a gateway that answers in the older form is asked for that, milliseconds. */
const OLDER_FORM_MS = 3_600_000;

/** An authentic refusal of a number that was used before (contract/1-link §2.2). */
const Replay = z.object({ next_sequence: z.int().min(1) });

/** What a node knows of its gateway. */
export interface BoundAnswers {
  /** Whether it ever bound an answer to its request: then it takes no other. */
  seen(): boolean;
  /** It did. Never throws. */
  saw(): void;
}

/** What the client stands on. */
interface GatewayClientIo {
  /** `http://host:port` or `https://…`, with a path prefix if the gateway has one. */
  readonly url: string;
  readonly key: DeviceKey;
  readonly sequence: {
    take(): number;
    /** Goes on from `next`; whether that is further than it was. */
    advanceTo(next: number): boolean;
  };
  readonly bound: BoundAnswers;
  readonly clock: Clock;
  readonly random: Pick<Random, "bytes">;
  readonly fetch: typeof fetch;
  readonly timeoutMs?: number;
  readonly observers?: readonly GatewayObserver[];
}

/** What one request came to. */
type Attempt = Pick<ExchangeReport, "exchange" | "gatewayTime">;

/** Speaks to the gateway for one device: every request signed, every answer verified (contract/1-link §2.2). */
export class GatewayClient implements Poster {
  readonly #io: GatewayClientIo;
  /** Until when requests go without a nonce, on the monotonic clock. */
  #olderUntil = -Infinity;
  #leapt = false;

  constructor(io: GatewayClientIo) {
    this.#io = io;
  }

  /**
   * Posts JSON. A number that was used before (a node or a gateway restored from a backup) is followed by one more attempt,
   * from where the gateway says. Rejects only when no sequence number can be had; aborting `signal` ends it as `unreachable`.
   */
  async post(path: string, message: unknown, signal: AbortSignal): Promise<Exchange> {
    const { clock, observers = [] } = this.#io;
    const beganAt = clock.monotonic();
    const outcome = await this.#posted(path, utf8(JSON.stringify(message)), signal);
    const unbound = outcome.exchange.kind === "answer" && !this.#io.bound.seen();
    const tookMs = clock.monotonic() - beganAt;
    const report = { path, beganAt, tookMs, ...outcome, ...(unbound && { unbound }) };
    if (!signal.aborted) { for (const observer of observers) observer.exchanged(report); }
    return outcome.exchange;
  }

  async #posted(
    path: string,
    body: Bytes,
    signal: AbortSignal,
  ): Promise<Attempt & Pick<ExchangeReport, "advancedTo">> {
    const url = new URL(this.#io.url.replace(/\/+$/, "") + path).href;
    const first = await this.#attempt(url, body, signal);
    const next = nextSequence(first.exchange);
    if (next === undefined) return first;
    const advanced = this.#io.sequence.advanceTo(next);
    const again = await this.#attempt(url, body, signal);
    return { ...repeated(again), ...(advanced && { advancedTo: next }) };
  }

  /**
   * One request, in the form that the gateway takes (docs/decisions/014). Only a gateway that never bound an answer is asked
   * without a nonce, and only when a nonce is refused: by it, or by a stranger who would like that.
   */
  async #attempt(url: string, body: Bytes, signal: AbortSignal): Promise<Attempt> {
    const { bound, clock, random } = this.#io;
    if (!bound.seen() && clock.monotonic() < this.#olderUntil) return await this.#send(url, body, signal);
    const attempt = await this.#send(url, body, signal, random.bytes(NONCE_BYTES));
    const { exchange } = attempt;
    if (exchange.kind === "answer") bound.saw();
    if (bound.seen() || exchange.kind !== "unproven" || exchange.status !== 401) return attempt;
    this.#leap();
    const older = await this.#send(url, body, signal);
    if (older.exchange.kind === "answer") this.#olderUntil = clock.monotonic() + OLDER_FORM_MS;
    return older.exchange.kind === "unreachable" ? attempt : repeated(older);
  }

  /**
   * Without a nonce the number alone says which request an answer is for. So it has to be one to which nobody has an answer
   * yet, also when this node's numbers went back: it is somewhere in the next 2^32, and nobody knows where.
   */
  #leap(): void {
    if (this.#leapt) return;
    this.#leapt = true;
    const { sequence, random } = this.#io;
    const distance = new DataView(random.bytes(4).buffer).getUint32(0);
    sequence.advanceTo(sequence.take() + distance);
  }

  async #send(url: string, body: Bytes, signal: AbortSignal, nonce?: Bytes): Promise<Attempt> {
    const { clock, key, sequence } = this.#io;
    const created = Math.floor(clock.now() / 1000);
    const request = { method: "POST", url, body, sequence: sequence.take(), created };
    const signed = await signRequest(key, nonce === undefined ? request : { ...request, nonce });
    using patience = new Patience(clock, this.#io.timeoutMs ?? TIMEOUT_MS, signal);
    try {
      return await this.#exchange(url, signed, body, patience);
    } catch (error) {
      return { exchange: { kind: "unreachable", ...patience.fault() ?? { message: rootMessage(error) } } };
    }
  }

  /** A redirect is an answer like any other: what it names is not asked. */
  async #exchange(url: string, signed: SignedRequest, body: Bytes, patience: Patience): Promise<Attempt> {
    const { signal } = patience;
    const headers = { ...signed.headers, "content-type": "application/json", accept: ACCEPT };
    const response = await this.#io.fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    const { status } = response;
    const answer = await readBounded(response, (bytes) => patience.came(bytes));
    const unproven = (message: string): Attempt => ({ exchange: { kind: "unproven", status, message } });
    if (answer === undefined) return unproven("the answer is too long");
    const verified = await verifyResponse(this.#io.key, signed, { status, fields: response.headers, body: answer });
    if (!verified.ok) return unproven(`${status}, unsigned: ${verified.detail}`);
    const wait = retryAfterMs(response.headers.get("retry-after"), this.#io.clock.now());
    const said = bodyOf(response.headers, answer);
    const gatewayTime = 1000 * verified.value.created + HALF_A_SECOND_MS;
    return {
      exchange: { kind: "answer", status, body: said, ...(wait !== undefined && { retryAfterMs: wait }) },
      gatewayTime,
    };
  }
}

/** How long an answer may take. One that comes may take longer: a chunk of firmware over a line of 15 kbit/s takes minutes. */
class Patience implements Disposable {
  /** Aborts when it is over, or when the outer signal does. */
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #start: number;
  readonly #limit: TimeLimit;
  #silentAt: number;
  #slowAt: number;
  #received = 0;

  constructor(clock: Clock, ms: number, outer: AbortSignal) {
    this.#clock = clock;
    this.#ms = ms;
    this.#start = clock.monotonic();
    this.#silentAt = this.#slowAt = this.#start + ms;
    this.#limit = new TimeLimit(clock, this.#silentAt);
    this.signal = AbortSignal.any([outer, this.#limit.signal]);
  }

  /** So many more bytes of the answer are here. */
  came(bytes: number): void {
    this.#received += bytes;
    this.#silentAt = this.#clock.monotonic() + this.#ms;
    this.#slowAt = this.#start + this.#ms + 1000 * this.#received / LEAST_BYTES_PER_S;
    this.#limit.moveTo(Math.min(this.#silentAt, this.#slowAt));
  }

  /** Why it aborted by itself; `undefined`: it did not. */
  fault(): { readonly message: string; readonly drips?: true } | undefined {
    if (!this.#limit.signal.aborted) return undefined;
    if (this.#received === 0 || this.#silentAt <= this.#slowAt) return { message: "no answer in time" };
    return { message: `the answer comes at less than ${LEAST_BYTES_PER_S} bytes/s`, drips: true };
  }

  [Symbol.dispose](): void {
    this.#limit[Symbol.dispose]();
  }
}

async function readBounded(response: Response, came: (bytes: number) => void): Promise<Bytes | undefined> {
  const parts: Bytes[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) return undefined; // leaving the loop cancels the body
    came(part.length);
    parts.push(part);
  }
  const [only] = parts;
  return only && parts.length === 1 ? only : concat(...parts);
}

function bodyOf(fields: Headers, bytes: Bytes): unknown {
  if (fields.get("content-type") !== OCTETS) return parseJson(bytes);
  return { octets: bytes, fields: Object.fromEntries(fields) } satisfies OctetBody;
}

function repeated(attempt: Attempt): Attempt {
  const { exchange } = attempt;
  return exchange.kind === "answer" ? { ...attempt, exchange: { ...exchange, again: true } } : attempt;
}

function nextSequence(exchange: Exchange): number | undefined {
  if (exchange.kind !== "answer" || exchange.status === 200) return undefined;
  return Replay.safeParse(exchange.body).data?.next_sequence;
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
