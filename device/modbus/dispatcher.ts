import { SerialQueue } from "../../platform/serial_queue.ts";
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { RequestOptions } from "./bus.ts";
import { Connection, type Unopened } from "./connection.ts";
import type { BusCounters, UnitState } from "./counters.ts";
import { exceptionName, isGateways } from "./exception.ts";
import type { BusExchange } from "./exchange.ts";
import { type BusFault, busFault, type BusOutcome } from "./fault.ts";
import type { Quirk } from "./quirks.ts";
import type { Ask, ExchangeOutcome, Line, Link } from "./line.ts";
import { isByte } from "./packing.ts";
import { encodeRequest, type Request, type Response } from "./pdu.ts";
import { Tries } from "./tries.ts";
import { type BackoffOptions, DEFAULT_BACKOFF, Unit } from "./unit.ts";
import { UnitRegistry } from "./unit_registry.ts";

/** How a bus treats its units. */
export interface BusOptions {
  /** Milliseconds a unit may take to answer; default 1,000. */
  readonly timeoutMs?: number;
  /**
   * Milliseconds that even the fastest unit gets; default 300. A first attempt waits four times what the unit usually
   * takes, a retry always `timeoutMs`. Give both the same value to switch that off.
   */
  readonly minTimeoutMs?: number;
  /** Milliseconds that a unit gets at most which was seen to answer after its time was over; default `timeoutMs`. */
  readonly maxTimeoutMs?: number;
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

type Priority = "write" | "poll";

type Answer = BusOutcome<Response | undefined>;

/** One attempt: an outcome, or why none could be had. */
type Attempt =
  | ExchangeOutcome
  | { readonly kind: "resting" | "aborted" }
  | { readonly kind: "line"; readonly unopened: Unopened };

type Unanswered = Extract<Attempt, { kind: "silence" | "damaged" | "foreign" }>;

/** Takes requests to a line, one at a time, each until it has an answer or a fault. */
export class Dispatcher {
  readonly #line: Line;
  readonly #io: BusIo;
  readonly #retries: number;
  readonly #registry: UnitRegistry;
  readonly #turns = new SerialQueue();
  readonly #connection: Connection;
  readonly #closing = new AbortController();

  constructor(line: Line, options: BusOptions, io: BusIo) {
    this.#line = line;
    this.#io = io;
    const { timeoutMs: usualMs = 1000, minTimeoutMs: leastMs = 300, maxTimeoutMs: longestMs = usualMs } = options;
    this.#retries = options.retries ?? 1;
    this.#registry = new UnitRegistry(line, {
      patience: { leastMs, usualMs, longestMs: Math.max(usualMs, longestMs) },
      retries: this.#retries,
      backoff: { ...DEFAULT_BACKOFF, ...options.backoff },
    }, io);
    this.#connection = new Connection(line, io, this.#registry.counters, (wasAway) => this.#registry.reopened(wasAway));
  }

  /** Sends a request and gives what it comes to; `undefined` for a broadcast, which nobody answers. */
  request(id: number, request: Request, options: RequestOptions, priority: Priority): Promise<Answer> {
    const pdu = encodeRequest(request);
    if (!pdu.ok) return refused(pdu.detail);
    if (!isByte(id)) return refused(`${id} is not a unit: 0 to 255`);
    if (id === 0 && this.#line.broadcasts && request.fc <= 4) {
      return refused("unit 0 is everybody on this line: it can be written, not read");
    }
    const { timeoutMs = 0, mayBeSilent = false } = options;
    const askedAt = this.#io.clock.monotonic();
    const ask = { unit: id, request, pdu: pdu.value, askedAt, timeoutMs, mayBeSilent };
    const effective = { ...options, priority: options.priority ?? priority };
    if (!options.signal) return this.#attempts(ask, effective, this.#closing.signal);
    const either = AbortSignal.any([options.signal, this.#closing.signal]);
    return unlessAborted(this.#attempts(ask, effective, either), either);
  }

  state(id: number): UnitState {
    return (this.#registry.find(id) ?? new Unit()).state((monotonic) => this.#toWall(monotonic));
  }

  units(): readonly number[] {
    return this.#registry.ids();
  }

  counters(): Readonly<BusCounters> {
    return { ...this.#registry.counters };
  }

  /** What the line's devices were seen to do, and is tolerated. */
  quirks(): readonly Quirk[] {
    return this.#line.quirks?.noticed() ?? [];
  }

  /** Gives up what is waiting, closes the line and returns when nothing uses it any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection.close();
    await this.#turns.enter({ urgent: true });
    this.#connection.close();
    this.#turns.leave();
  }

  /** Asks until there is an answer to give. Each attempt queues anew, so that writes and other units get their turn. */
  async #attempts(ask: Ask, options: RequestOptions & { priority: Priority }, signal: AbortSignal): Promise<Answer> {
    const unit = this.#registry.unit(ask.unit);
    const tries = new Tries(options.retries ?? this.#retries);
    while (!signal.aborted) {
      const timed = ask.timeoutMs > 0 ? ask : { ...ask, ...this.#registry.patienceWith(unit) };
      const attempt = await this.#attempt(unit, timed, options, signal);
      const pauseMs = this.#again(attempt, options.insist ? undefined : unit, ask.request, tries);
      if (pauseMs === undefined) {
        if (showsLife(attempt)) this.#registry.spoiled(unit, attempt.kind);
        return this.#answer(attempt, unit, timed, tries.sent, signal);
      }
      if (pauseMs > 0) await this.#io.clock.sleep(pauseMs, signal);
    }
    return aborted();
  }

  /** Milliseconds until the next attempt; `undefined`: this was the last. `unit`: whose rest is kept to. */
  #again(attempt: Attempt, unit: Unit | undefined, { fc }: Request, tries: Tries): number | undefined {
    switch (attempt.kind) {
      case "resting":
      case "aborted":
        return undefined;
      case "line": {
        const pauseMs = attempt.unopened.broke?.worked && fc <= 4
          ? tries.afterBreak()
          : tries.after(undefined, fc <= 4);
        return this.#io.clock.monotonic() < attempt.unopened.retryAt ? undefined : pauseMs;
      }
      default: {
        const pauseMs = tries.after(attempt, fc <= 4);
        return unit && this.#registry.resting(unit) ? undefined : pauseMs;
      }
    }
  }

  /** What the last attempt means for the caller. */
  #answer(attempt: Attempt, unit: Unit, ask: Ask, sent: number, signal: AbortSignal): Answer {
    switch (attempt.kind) {
      case "response":
        if (attempt.response.fc !== "exception") return { ok: true, value: attempt.response };
        return { ok: false, fault: this.#exception(unit, ask.unit, attempt.response.code) };
      case "sent":
        return { ok: true, value: undefined };
      case "resting":
        return { ok: false, fault: this.#offline(unit, ask.unit) };
      case "line":
        return signal.aborted ? aborted() : { ok: false, fault: this.#noLine(attempt.unopened) };
      case "silence":
      case "damaged":
      case "foreign":
        return { ok: false, fault: this.#unanswered(attempt, unit, ask, sent) };
      case "aborted":
        return aborted();
      default:
        return attempt satisfies never;
    }
  }

  /** Waits for the line and uses it once. */
  async #attempt(
    unit: Unit,
    ask: Ask,
    { priority, insist }: RequestOptions & { priority: Priority },
    signal: AbortSignal,
  ): Promise<Attempt> {
    if (!insist && this.#registry.resting(unit)) return { kind: "resting" };
    const urgent = priority === "write";
    if (!this.#turns.tryEnter() && !(await this.#turns.enter({ urgent, signal }))) return { kind: "aborted" };
    try {
      if (!insist && this.#registry.resting(unit)) return { kind: "resting" };
      const link = this.#connection.current() ?? await this.#connection.open(this.#closing.signal);
      if (!("exchange" in link)) return { kind: "line", unopened: link };
      if (signal.aborted) return { kind: "aborted" }; // opening took its time: a write must not go out after its deadline
      return await this.#exchange(link, unit, ask);
    } finally {
      this.#connection.release();
      this.#turns.leave();
    }
  }

  async #exchange(link: Link, unit: Unit, ask: Ask): Promise<Attempt> {
    const started = this.#io.clock.monotonic();
    const account = (outcome?: ExchangeOutcome) =>
      this.#registry.account(unit, ask, outcome, this.#io.clock.monotonic() - started);
    try {
      const outcome = await link.exchange(ask);
      if (outcome.kind === "response" || outcome.kind === "damaged") this.#connection.answered();
      else if (outcome.kind === "silence" || outcome.kind === "foreign") this.#connection.missed();
      account(outcome);
      return outcome;
    } catch (error) {
      const unopened = this.#connection.broke(error instanceof Error ? error.message : String(error));
      account();
      return { kind: "line", unopened };
    }
  }

  #exception(unit: Unit, id: number, code: number): BusFault {
    if (!isGateways(code)) return busFault.exception(this.#line.name, id, code);
    if (unit.dead) return { ...this.#offline(unit, id), code };
    const now = this.#io.clock.now();
    return { ...busFault.offline(this.#line.name, id, exceptionName(code), now, now), code };
  }

  #offline(unit: Unit, id: number): BusFault & { kind: "offline" } {
    const fault = unit.dead ? busFault.offline : busFault.yielding;
    return fault(this.#line.name, id, unit.reason, this.#toWall(unit.retryAt), this.#io.clock.now());
  }

  #noLine({ detail, retryAt, broke }: Unopened): BusFault {
    return busFault.line(this.#line.name, detail, this.#toWall(retryAt), broke !== undefined);
  }

  #unanswered(outcome: Unanswered, { lateMs }: Unit, { unit, timeoutMs }: Ask, sent: number): BusFault {
    switch (outcome.kind) {
      case "silence":
        return busFault.timeout(this.#line.name, unit, timeoutMs, sent, lateMs);
      case "damaged":
        return busFault.crc(this.#line.name, unit, sent);
      case "foreign":
        return busFault.foreign(this.#line.name, unit, outcome, lateMs);
    }
  }

  #toWall(monotonic: number): number {
    return Math.round(this.#io.clock.now() + monotonic - this.#io.clock.monotonic());
  }
}

/** Whether an attempt that brought no answer shows all the same that the unit is there. */
function showsLife(attempt: Attempt): attempt is Unanswered & { kind: "damaged" | "foreign" } {
  return attempt.kind === "damaged" || (attempt.kind === "foreign" && attempt.alive);
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
