import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { RequestOptions } from "./bus.ts";
import { Connection, type Unopened } from "./connection.ts";
import { type BusCounters, tally, type UnitState, zeroCounters } from "./counters.ts";
import { exceptionName } from "./exception.ts";
import { type BusExchange, resultOf } from "./exchange.ts";
import { type BusFault, busFault, type BusOutcome } from "./fault.ts";
import type { Ask, Line, Link, Reply } from "./line.ts";
import { isByte } from "./packing.ts";
import { encodeRequest, type Request, type Response } from "./pdu.ts";
import { Turnstile } from "./turnstile.ts";
import { type BackoffOptions, DEFAULT_BACKOFF, Unit } from "./unit.ts";

/** How a bus treats its units. */
export interface BusOptions {
  /** Milliseconds a unit may take to answer; default 1,000. */
  readonly timeoutMs?: number;
  /**
   * Milliseconds that even the fastest unit gets; default 300. A first attempt waits four times what the unit usually
   * takes, a retry always `timeoutMs`. Give both the same value to switch that off.
   */
  readonly minTimeoutMs?: number;
  /** Further attempts after a request without a good answer; default 1. */
  readonly retries?: number;
  readonly backoff?: Partial<BackoffOptions>;
}

/** What a bus needs from outside. */
export interface BusIo {
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of every request that went out, when it is over. */
  readonly exchanged?: (exchange: BusExchange) => void;
}

/** A device that says it is busy (exception 06) is asked again after this, ms, so many times. */
const BUSY = { code: 6, pauseMs: 100, times: 5 } as const;

type Priority = "write" | "poll";

type Answer = BusOutcome<Response | undefined>;

/** One attempt: a reply, or why none could be had. */
type Attempt =
  | Reply
  | { readonly kind: "resting" | "aborted" }
  | { readonly kind: "line"; readonly unopened: Unopened };

type Unanswered = Extract<Reply, { kind: "silence" | "damaged" | "foreign" }>;

const WHY = { silence: "no answer", damaged: "damaged answers", foreign: "answers to something else" } as const;

/** Takes requests to a line, one at a time, each until it has an answer or a fault. */
export class Dispatcher {
  readonly #line: Line;
  readonly #io: BusIo;
  readonly #options: { readonly timeoutMs: number; readonly minTimeoutMs: number; readonly retries: number };
  readonly #backoff: BackoffOptions;
  readonly #counters: BusCounters = { ...zeroCounters(), reconnects: 0, openFailures: 0 };
  readonly #units = new Map<number, Unit>();
  readonly #turnstile = new Turnstile();
  readonly #connection: Connection;
  readonly #closing = new AbortController();

  constructor(line: Line, { backoff, ...options }: BusOptions, io: BusIo) {
    this.#line = line;
    this.#io = io;
    this.#options = { timeoutMs: 1000, minTimeoutMs: 300, retries: 1, ...options };
    this.#backoff = { ...DEFAULT_BACKOFF, ...backoff };
    this.#connection = new Connection(line, io, this.#counters, (wasAway) => {
      for (const unit of this.#units.values()) unit.reopened(wasAway);
    });
  }

  /** Sends a request and gives what it comes to; `undefined` for a broadcast, which nobody answers. */
  request(id: number, request: Request, options: RequestOptions, priority: Priority): Promise<Answer> {
    const pdu = encodeRequest(request);
    if (!pdu.ok) return refused(pdu.detail);
    if (!isByte(id)) return refused(`${id} is not a unit: 0 to 255`);
    if (id === 0 && this.#line.broadcasts && request.fc <= 4) {
      return refused("unit 0 is everybody on this line: it can be written, not read");
    }
    const ask = { unit: id, request, pdu: pdu.value, timeoutMs: options.timeoutMs ?? 0 };
    const effective = { ...options, priority: options.priority ?? priority };
    if (!options.signal) return this.#attempts(ask, effective, this.#closing.signal);
    const either = AbortSignal.any([options.signal, this.#closing.signal]);
    return unlessAborted(this.#attempts(ask, effective, either), either);
  }

  state(id: number): UnitState {
    return (this.#units.get(id) ?? new Unit()).state((monotonic) => this.#toWall(monotonic));
  }

  units(): readonly number[] {
    return [...this.#units.keys()];
  }

  counters(): Readonly<BusCounters> {
    return { ...this.#counters };
  }

  /** Gives up what is waiting, closes the line and returns when nothing uses it any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection.close();
    await this.#turnstile.enter("write", new AbortController().signal);
    this.#connection.close();
    this.#turnstile.leave();
  }

  /** Asks until there is an answer to give. Each attempt queues anew, so that writes and other units get their turn. */
  async #attempts(ask: Ask, options: RequestOptions & { priority: Priority }, signal: AbortSignal): Promise<Answer> {
    const unit = this.#unit(ask.unit);
    const most = 1 + (options.retries ?? this.#options.retries);
    for (let sent = 1, busy = 0; !signal.aborted; sent++) {
      const timed = ask.timeoutMs > 0 ? ask : { ...ask, timeoutMs: this.#timeoutMs(unit) };
      const attempt = await this.#attempt(unit, timed, options.priority, signal);
      switch (attempt.kind) {
        case "response":
          if (attempt.response.fc !== "exception") return { ok: true, value: attempt.response };
          if (attempt.response.code !== BUSY.code || busy === BUSY.times) {
            return { ok: false, fault: this.#exception(unit, ask.unit, attempt.response.code) };
          }
          busy++;
          sent--; // a busy unit is alive: it costs none of the attempts
          await this.#io.clock.sleep(BUSY.pauseMs, signal);
          break;
        case "sent":
          return { ok: true, value: undefined };
        case "resting":
          return { ok: false, fault: this.#offline(unit, ask.unit) };
        case "line":
          if (sent >= most || this.#io.clock.monotonic() < attempt.unopened.retryAt) {
            return signal.aborted ? aborted() : { ok: false, fault: this.#noLine(attempt.unopened) };
          }
          break;
        case "silence":
        case "damaged":
        case "foreign":
          if (sent >= most || this.#resting(unit)) {
            return { ok: false, fault: this.#unanswered(attempt, timed, sent) };
          }
          break;
        case "aborted":
          return aborted();
      }
    }
    return aborted();
  }

  /** Waits for the line and uses it once. */
  async #attempt(unit: Unit, ask: Ask, priority: Priority, signal: AbortSignal): Promise<Attempt> {
    if (this.#resting(unit)) return { kind: "resting" };
    if (!this.#turnstile.tryEnter() && !(await this.#turnstile.enter(priority, signal))) return { kind: "aborted" };
    try {
      if (this.#resting(unit)) return { kind: "resting" };
      const link = this.#connection.current() ?? await this.#connection.open(this.#closing.signal);
      if (!("exchange" in link)) return { kind: "line", unopened: link };
      if (signal.aborted) return { kind: "aborted" }; // opening took its time: a write must not go out after its deadline
      return await this.#exchange(link, unit, ask);
    } finally {
      this.#connection.release();
      this.#turnstile.leave();
    }
  }

  async #exchange(link: Link, unit: Unit, ask: Ask): Promise<Attempt> {
    const started = this.#io.clock.monotonic();
    try {
      const reply = await link.exchange(ask);
      this.#account(unit, ask, reply, this.#io.clock.monotonic() - started);
      return reply;
    } catch (error) {
      const unopened = this.#connection.broke(error instanceof Error ? error.message : String(error));
      this.#account(unit, ask, undefined, this.#io.clock.monotonic() - started);
      return { kind: "line", unopened };
    }
  }

  #resting(unit: Unit): boolean {
    return unit.dead && unit.resting(this.#io.clock.monotonic());
  }

  /** Learns from an exchange, before the next one begins. */
  #account(unit: Unit, { unit: id, request }: Ask, reply: Reply | undefined, ms: number): void {
    this.#io.exchanged?.({ unit: id, fc: request.fc, result: resultOf(reply), ms });
    tally(unit.counters, reply, ms);
    tally(this.#counters, reply, ms);
    if (reply === undefined) {
      // Some gateways hang up when a dead unit is asked: where others share the line, that is the unit's failure.
      if (this.#shared) this.#missed(unit, id, ms, "the connection breaks when it is asked");
      return;
    }
    switch (reply.kind) {
      case "sent":
        return;
      case "silence":
        this.#connection.silent();
        return this.#missed(unit, id, ms, WHY.silence);
      case "damaged":
      case "foreign":
        return this.#missed(unit, id, ms, WHY[reply.kind]);
      case "response":
        this.#connection.answered();
        if (reply.response.fc === "exception" && isGateways(reply.response.code)) {
          unit.missed(ms);
          return this.#rest(unit, id, exceptionName(reply.response.code));
        }
        if (unit.answered(reply.tookMs)) {
          this.#io.log.debug("unit back {bus} {unit}", { bus: this.#line.name, unit: id });
        }
    }
  }

  /** A unit that did not answer as often as it may is left alone for a while. */
  #missed(unit: Unit, id: number, ms: number, reason: string): void {
    unit.missed(ms);
    if (unit.dead || unit.silences > this.#options.retries) this.#rest(unit, id, reason);
  }

  #rest(unit: Unit, id: number, reason: string): void {
    if (!unit.rest(this.#io.clock.monotonic(), reason, this.#shared, this.#backoff)) return;
    this.#io.log.debug("unit offline {bus} {unit}: {reason}", { bus: this.#line.name, unit: id, reason });
  }

  #exception(unit: Unit, id: number, code: number): BusFault {
    return isGateways(code) ? this.#offline(unit, id) : busFault.exception(this.#line.name, id, code);
  }

  #offline(unit: Unit, id: number): BusFault {
    return busFault.offline(this.#line.name, id, unit.reason, this.#toWall(unit.retryAt), this.#io.clock.now());
  }

  #noLine({ detail, retryAt }: Unopened): BusFault {
    return busFault.line(this.#line.name, detail, this.#toWall(retryAt));
  }

  #unanswered(reply: Unanswered, ask: Ask, sent: number): BusFault {
    switch (reply.kind) {
      case "silence":
        return busFault.timeout(this.#line.name, ask.unit, ask.timeoutMs, sent);
      case "damaged":
        return busFault.crc(this.#line.name, ask.unit, sent);
      case "foreign":
        return busFault.foreign(this.#line.name, ask.unit, reply.detail);
    }
  }

  get #shared(): boolean {
    return this.#units.size > 1;
  }

  #unit(id: number): Unit {
    const known = this.#units.get(id);
    if (known) return known;
    const unit = new Unit();
    this.#units.set(id, unit);
    return unit;
  }

  #timeoutMs(unit: Unit): number {
    return unit.timeoutMs(this.#options.minTimeoutMs, this.#options.timeoutMs);
  }

  #toWall(monotonic: number): number {
    return Math.round(this.#io.clock.now() + monotonic - this.#io.clock.monotonic());
  }
}

/** Exceptions 0A and 0B come from a gateway, on behalf of a unit that does not answer (1.1b3 §7). */
function isGateways(code: number): boolean {
  return code === 10 || code === 11;
}

function refused(detail: string): Promise<Answer> {
  return Promise.resolve({ ok: false, fault: busFault.refused(detail) });
}

function aborted(): Answer {
  return { ok: false, fault: busFault.aborted("the caller or the bus was stopped") };
}

/** The outcome, or `aborted` as soon as the signal says so, while what was sent runs to its end. */
async function unlessAborted(outcome: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const giveUp = () => resolve(aborted());
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([promise, outcome]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
