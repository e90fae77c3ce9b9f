import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { type BusCounters, tally, zeroCounters } from "./counters.ts";
import { exceptionName, isGateways } from "./exception.ts";
import { type BusExchange, resultOf } from "./exchange.ts";
import type { Ask, ExchangeOutcome, LateAnswer, Line } from "./line.ts";
import type { Request } from "./pdu.ts";
import { type BackoffOptions, type Patience, Unit } from "./unit.ts";

/** Why a unit is left alone. */
const WHY = { silence: "no answer", damaged: "damaged answers", foreign: "answers to something else" } as const;

/** How the units of a line are treated. */
interface UnitTerms {
  readonly patience: Patience;
  /** Attempts in a row without an answer, beyond the first, before a unit is left alone. */
  readonly retries: number;
  readonly backoff: BackoffOptions;
}

interface RegistryIo {
  readonly clock: Clock;
  readonly log: Logger;
  readonly exchanged?: (exchange: BusExchange) => void;
}

/** What a bus knows of its units: it learns from every exchange. */
export class UnitRegistry {
  readonly counters: BusCounters = { ...zeroCounters(), reconnects: 0, openFailures: 0 };
  readonly #line: Line;
  readonly #terms: UnitTerms;
  readonly #io: RegistryIo;
  readonly #units = new Map<number, Unit>();
  #quirksTold = 0;

  constructor(line: Line, terms: UnitTerms, io: RegistryIo) {
    this.#line = line;
    this.#terms = terms;
    this.#io = io;
  }

  /** The unit, known from now on. */
  unit(id: number): Unit {
    const known = this.#units.get(id);
    if (known) return known;
    const unit = new Unit();
    this.#units.set(id, unit);
    return unit;
  }

  find(id: number): Unit | undefined {
    return this.#units.get(id);
  }

  ids(): readonly number[] {
    return [...this.#units.keys()];
  }

  resting(unit: Unit): boolean {
    return unit.resting(this.#io.clock.monotonic());
  }

  /** How long a unit may take to answer now. */
  patienceWith(unit: Unit): Pick<Ask, "timeoutMs" | "longestMs"> {
    const { patience } = this.#terms;
    const timeoutMs = unit.timeoutMs(patience, { alone: !this.#shared });
    return { timeoutMs, longestMs: patience.longestMs };
  }

  /** The line is open again. */
  reopened(wasAway: boolean): void {
    for (const unit of this.#units.values()) unit.reopened(wasAway);
  }

  /** Learns from an exchange that took `ms`, before the next one begins. Without an outcome, the line broke. */
  account(unit: Unit, { unit: id, request, mayBeSilent }: Ask, outcome: ExchangeOutcome | undefined, ms: number): void {
    this.#io.exchanged?.({ unit: id, fc: request.fc, result: resultOf(outcome), ms });
    tally(unit.counters, outcome, ms);
    tally(this.counters, outcome, ms);
    this.#tellQuirks();
    if (outcome?.late) this.#late(outcome.late);
    switch (outcome?.kind) {
      case undefined:
        // Some gateways hang up when a dead unit is asked: where others share the line, that is the unit's failure.
        if (this.#shared) this.#missed(unit, id, ms, "the connection breaks when it is asked");
        return;
      case "sent":
        return;
      case "silence":
      case "foreign":
        if (outcome.kind === "foreign" && outcome.alive) return unit.spoiled(ms);
        return mayBeSilent && !unit.dead ? unit.cost(ms) : this.#missed(unit, id, ms, WHY[outcome.kind]);
      case "damaged":
        return unit.spoiled(ms);
      case "response":
        return this.#answered(unit, id, request, outcome, ms);
      default:
        outcome satisfies never;
    }
  }

  /** A request to a unit that is there came to nothing. Where others wait for the line, they get their share. */
  spoiled(unit: Unit, kind: "damaged" | "foreign"): void {
    if (this.#shared) unit.yield(this.#io.clock.monotonic(), WHY[kind], this.#terms.backoff);
  }

  #answered(
    unit: Unit,
    id: number,
    { fc }: Request,
    { response, tookMs }: Extract<ExchangeOutcome, { kind: "response" }>,
    ms: number,
  ): void {
    if (response.fc === "exception" && isGateways(response.code)) {
      const reason = exceptionName(response.code);
      // A gateway's time-out may have been too short for once. A write is not asked again.
      if (unit.online && fc <= 4) return this.#missed(unit, id, ms, reason);
      unit.missed(ms);
      return this.#rest(unit, id, reason);
    }
    if (tookMs > this.#terms.patience.usualMs) this.#late({ unit: id, tookMs: ms });
    if (unit.answered(tookMs)) {
      this.#io.log.debug("unit back {bus} {unit}", { bus: this.#line.name, unit: id });
    }
  }

  #late({ unit: id, tookMs }: LateAnswer): void {
    if (!this.#units.get(id)?.late(tookMs)) return;
    this.#io.log.warn("unit {unit} on {bus} answers late, after {took} ms: timing.timeout is {timeout} ms", {
      bus: this.#line.name,
      unit: id,
      took: Math.round(tookMs),
      timeout: this.#terms.patience.usualMs,
    });
  }

  #tellQuirks(): void {
    const { quirks, name: bus } = this.#line;
    if (quirks === undefined || quirks.count === this.#quirksTold) return;
    this.#quirksTold = quirks.count;
    const options = quirks.noticed().map((quirk) => `${quirk}: true`).join(", ");
    this.#io.log.warn("a device on {bus} breaks the protocol and is understood all the same: set {options}", {
      bus,
      options,
    });
  }

  /** A unit that did not answer as often as it may is left alone for a while. */
  #missed(unit: Unit, id: number, ms: number, reason: string): void {
    unit.missed(ms);
    if (unit.dead || unit.silences > this.#terms.retries) this.#rest(unit, id, reason);
  }

  #rest(unit: Unit, id: number, reason: string): void {
    if (!unit.rest(this.#io.clock.monotonic(), reason, this.#shared, this.#terms.backoff)) return;
    this.#io.log.debug("unit offline {bus} {unit}: {reason}", { bus: this.#line.name, unit: id, reason });
  }

  get #shared(): boolean {
    return this.#units.size > 1;
  }
}
