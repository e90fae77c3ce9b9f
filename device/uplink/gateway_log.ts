import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { ExchangeReport, GatewayObserver } from "./exchange.ts";

/** Within so long two leaps of the numbers are no accident, milliseconds. */
const SOON_MS = 3_600_000;

/**
 * Logs when the gateway cannot be reached and when it can be again: once for all who ask it. They have to log only what it
 * answered.
 */
export class GatewayLog implements GatewayObserver {
  readonly #way: RateLimitedLog;
  readonly #numbers: RateLimitedLog;
  readonly #log: Logger;
  readonly #clock: Pick<Clock, "monotonic">;
  #toldUnbound = false;
  #advancedAt = -Infinity;

  constructor({ log, clock }: { readonly log: Logger; readonly clock: Pick<Clock, "monotonic"> }) {
    this.#log = log;
    this.#clock = clock;
    this.#way = new RateLimitedLog(log, clock);
    this.#numbers = new RateLimitedLog(log, clock);
  }

  exchanged({ exchange, advancedTo, unbound }: ExchangeReport): void {
    if (advancedTo !== undefined) this.#advanced(advancedTo);
    if (exchange.kind === "answer") this.#way.ended("gateway answers again");
    else this.#way.happened("gateway cannot be reached: {reason}", { reason: exchange.message });
    if (unbound && !this.#toldUnbound) this.#unbound();
  }

  #unbound(): void {
    this.#toldUnbound = true;
    this.#log.warn("the gateway is older than this node, and its answers prove less: update it");
  }

  /** Once is a backup that was restored, at either end, or a gateway that lost its power. Soon again is somebody else with the same key. */
  #advanced(next: number): void {
    const now = this.#clock.monotonic();
    const again = now - this.#advancedAt < SOON_MS;
    this.#advancedAt = now;
    if (again) {
      return this.#numbers.happened(
        "this node's numbers count as used once more: if the gateway lost no power, does another node run with its key? Going on from {next}",
        { next },
      );
    }
    this.#log.info(
      "this node's numbers count as used, as after a power cut of the gateway, or a restored backup; going on from {next}",
      { next },
    );
  }
}
