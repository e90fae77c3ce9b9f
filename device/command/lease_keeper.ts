import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { SerialQueue } from "../../platform/serial_queue.ts";
import { Notifier } from "../uplink/notifier.ts";
import type { CommandJournal } from "./journal.ts";
import { endLease, type Lease } from "./lease.ts";
import type { CommandTarget } from "./target.ts";

/** How often it is looked whether a lease is over, while there are any. */
const LOOK_MS = 1_000;
/** Pause after an inverter could not be given back what it held. */
const RETRY_MS = 10_000;

interface LeaseKeeperIo {
  readonly inverters: ReadonlyMap<string, CommandTarget>;
  readonly journal: Pick<CommandJournal, "leases" | "endLease" | "interrupted">;
  /** One order at a time goes to the inverters. */
  readonly orders: SerialQueue;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Where nothing is ordered for a time. */
export const NO_LEASES = { of: () => [], begun: () => {}, superseded: () => {}, failed: () => {} };

/**
 * Ends what was ordered for a time when the time is over, unless it was ordered again. What the journal has from before a
 * start is over at once: nobody knows how long the node was away.
 */
export class LeaseKeeper {
  readonly #io: LeaseKeeperIo;
  readonly #notifier = new Notifier();
  readonly #trouble: RateLimitedLog;
  /** Monotonic milliseconds at which each is over, by its command. */
  readonly #ends = new Map<string, number>();

  constructor(io: LeaseKeeperIo) {
    this.#io = io;
    this.#trouble = new RateLimitedLog(io.log, io.clock);
  }

  /** Those of one inverter, the oldest first. */
  of(inverter: string): readonly Lease[] {
    return this.#io.journal.leases().filter((lease) => lease.inverter === inverter);
  }

  /** The journal has it now. */
  begun(id: string, ms: number): void {
    this.#ends.set(id, this.#io.clock.monotonic() + ms);
    this.#notifier.ring();
  }

  /** A command wrote these registers: what was ordered of them for a time before it is of no importance any more. */
  superseded(by: string, inverter: string, addresses: readonly number[]): void {
    for (const { id, writes } of this.of(inverter)) {
      if (id !== by && writes.some(({ address }) => addresses.includes(address))) this.#forget(id);
    }
  }

  /** It is not known to be in force as it was ordered: what there is of it is taken back. */
  failed(id: string): void {
    if (this.#ends.has(id)) this.begun(id, 0);
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const left = await this.#look(signal);
      if (left) await this.#io.clock.sleep(LOOK_MS, signal);
      else await this.#notifier.wait(signal);
    }
  }

  /** Ends what is over. Whether there are leases still, or it could not be known. */
  async #look(signal: AbortSignal): Promise<boolean> {
    try {
      const leases = this.#io.journal.leases();
      const over = leases.filter(({ id }) => (this.#ends.get(id) ?? 0) <= this.#io.clock.monotonic());
      // What the last start left half done is cleared up first.
      if (over.length === 0 || this.#io.journal.interrupted().length > 0) return leases.length > 0;
      for (const lease of over.toReversed()) await this.#io.orders.run(() => this.#end(lease, signal));
      return true;
    } catch (error) {
      this.#trouble.happened("what was ordered for a time cannot be read: {error}", { error }, "error");
      return true;
    }
  }

  async #end(lease: Lease, signal: AbortSignal): Promise<void> {
    const { id, inverter } = lease;
    // It may have been ordered again while this waited for its turn.
    if (signal.aborted || !this.of(inverter).some((one) => one.id === id)) return;
    const target = this.#io.inverters.get(inverter);
    const { clock, log } = this.#io;
    if (target === undefined) {
      log.warn("the node has no inverter {inverter} any more: what was ordered for a time stays", { inverter });
      return this.#forget(id);
    }
    const end = await endLease(lease, { target, clock, signal });
    switch (end.kind) {
      case "over":
        this.#trouble.ended("what was ordered for a time is taken back again");
        log.info("command {command} is over: {inverter} is as before", {
          command: id,
          inverter,
          restored: end.restored,
        });
        return this.#forget(id);
      case "waits":
        this.#ends.set(id, clock.monotonic() + RETRY_MS);
        return this.#trouble.happened("{inverter} is not as before yet: {reason}", { inverter, reason: end.message });
      case "stopped":
        return;
      default:
        return end satisfies never;
    }
  }

  #forget(id: string): void {
    this.#io.journal.endLease(id);
    this.#ends.delete(id);
  }
}
