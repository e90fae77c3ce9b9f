import type { Logger } from "@logtape/logtape";
import { spread } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { Random } from "../../platform/random.ts";
import type { NodeHealth } from "../../protocol/messages/node_health.ts";
import type { GatewayReply } from "../../protocol/gateway_reply.ts";
import { ConfigReportAnswer } from "../../protocol/settings/report.ts";
import type { Poster } from "../uplink/exchange.ts";
import { replyOf } from "../uplink/reply.ts";
import { OfferAnswer, offerOf } from "./offer.ts";
import type { Offer } from "./state.ts";
import type { StoredUpdate } from "./store.ts";

/** Milliseconds between two looks for changes (contract/1-link §5), and what part of it chance adds or takes. */
const CHECK_MS = 5_000;
const JITTER = 0.2;

/** What the link stands on. */
interface SettingsLinkIo {
  readonly device: string;
  readonly settings: { offer(offer: Offer): boolean };
  readonly reports: {
    unreported(): readonly StoredUpdate[];
    lastWords(): readonly StoredUpdate[];
    acknowledge(lines: readonly StoredUpdate[]): void;
  };
  /** What the node tells of itself whenever it asks. */
  readonly health?: () => NodeHealth | undefined;
  readonly gateway: Poster;
  readonly clock: Clock;
  readonly random: Pick<Random, "float">;
  readonly log: Logger;
}

/** How the link is doing. */
export interface SettingsLinkStatus {
  /** Unix milliseconds of the last answer to a look for changes. */
  readonly lastCheckAt?: number;
  readonly lastError?: string;
}

/** Asks the gateway for changes of the settings and reports what became of them: one request at a time, so in order. */
export class SettingsLink {
  readonly #io: SettingsLinkIo;
  readonly #trouble: RateLimitedLog;
  #lastCheckAt: number | undefined;
  #lastError: string | undefined;
  #waitMs = 0;

  constructor(io: SettingsLinkIo) {
    this.#io = io;
    this.#trouble = new RateLimitedLog(io.log, io.clock);
  }

  /** Looks every five seconds, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#turn(signal);
      if (signal.aborted) return;
      const nextMs = spread(CHECK_MS, JITTER, this.#io.random.float());
      await this.#io.clock.sleep(Math.max(this.#waitMs, nextMs), signal);
    }
  }

  status(): SettingsLinkStatus {
    return {
      ...(this.#lastCheckAt === undefined ? {} : { lastCheckAt: this.#lastCheckAt }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  /** Reports what is left to report, looks for changes, reports what came of them. */
  async #turn(signal: AbortSignal): Promise<void> {
    this.#waitMs = 0;
    try {
      if (await this.#report(this.#io.reports.unreported(), signal)) await this.#check(signal);
    } catch (error) {
      // The disk: no sequence number, or nothing can be kept. It may come back.
      if (!signal.aborted) {
        this.#failed(error instanceof Error ? error.message : String(error), { waitMs: 0, told: true });
      }
    }
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { device, settings, reports } = this.#io;
    const health = this.#io.health?.();
    const message = { device_id: device, ...(health === undefined ? {} : { health }) };
    const reply = await this.#post("/changes", message, OfferAnswer, signal);
    if (reply?.kind !== "ok") return;
    this.#lastCheckAt = this.#io.clock.now();
    this.#trouble.ended("settings can be asked for again");
    this.#lastError = undefined;
    const offer = offerOf(reply.value);
    if (offer === undefined) return;
    const isNew = settings.offer(offer);
    // It waits for a report that it acknowledged once: it was restored from a backup, or it was told of another version.
    const again = !isNew && reply.value.Changed && reports.unreported().length === 0;
    await this.#report(again ? reports.lastWords() : reports.unreported(), signal);
  }

  /** True when the gateway has these lines, or will never have them. */
  async #report(lines: readonly StoredUpdate[], signal: AbortSignal): Promise<boolean> {
    if (lines.length === 0) return true;
    const { device, reports } = this.#io;
    const updates = lines.map(({ update }) => update);
    const reply = await this.#post("/config/report", { device_id: device, updates }, ConfigReportAnswer, signal);
    if (reply?.kind !== "ok" && reply?.kind !== "refused") return false;
    reports.acknowledge(lines);
    return true;
  }

  /** Posts; `undefined` when it was given up because of the signal. */
  async #post<T>(
    path: string,
    message: Record<string, unknown>,
    schema: Parameters<typeof replyOf<T>>[1],
    signal: AbortSignal,
  ): Promise<GatewayReply<T> | undefined> {
    const { gateway, clock } = this.#io;
    const exchange = await gateway.post(path, { ...message, timestamp: clock.now() }, signal);
    if (signal.aborted) return undefined;
    const reply = replyOf(exchange, schema);
    if (reply.kind !== "ok") {
      // What is no answer of the gateway is logged for all who ask (uplink/gateway_log.ts).
      const told = exchange.kind === "answer";
      this.#failed(reply.reason, { waitMs: reply.kind === "later" ? reply.waitMs : 0, told });
    }
    return reply;
  }

  #failed(reason: string, { waitMs, told }: { readonly waitMs: number; readonly told: boolean }): void {
    if (told) this.#trouble.happened("settings cannot be asked for or reported: {reason}", { reason });
    this.#lastError = reason;
    this.#waitMs = waitMs;
  }
}
