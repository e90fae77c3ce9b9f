import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { ExchangeReport, GatewayObserver } from "./exchange.ts";

/** A wall clock that moves by more against the monotonic one was set. */
const STEP_MS = 2_000;
/** The time since the machine started is told in whole seconds. */
const UPTIME_STEP_MS = 1_000;
/** Who is further from the gateway's time has a wrong clock (contract/1-link §2.2). */
const TOLERANCE_MS = 300_000;
/** A correction is made anew when it is off by more: the gateway tells whole seconds. */
const CORRECTION_STEP_MS = 5_000;

/** What the clock stands on. */
interface NodeClockIo {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Hears by how many milliseconds the node's time was moved. Never throws. */
type Moved = (ms: number) => void;

/** When something was looked at, by each of the clocks. */
interface Look {
  readonly wall: number;
  readonly monotonic: number;
  readonly uptime: number | undefined;
}

/**
 * The time of a node: the machine's, and as long as that is behind the gateway's, the gateway's. A box without a battery
 * begins in 1970 or when its image was made, and is set minutes later or never. Whoever keeps times hears by how much they
 * moved.
 */
export class NodeClock implements Clock, GatewayObserver {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #wrong: RateLimitedLog;
  readonly #listeners = new Set<Moved>();
  #last: Look;
  /** What is added to the machine's time. */
  #correctionMs = 0;
  /** The machine's clock agreed with the gateway's: from then on a difference is not its fault until it is set. */
  #agreed = false;
  readonly #compared = Promise.withResolvers<void>();

  constructor({ clock, log }: NodeClockIo) {
    this.#clock = clock;
    this.#log = log;
    this.#wrong = new RateLimitedLog(log, clock);
    this.#last = lookAt(clock);
  }

  now = (): number => {
    this.#look();
    return this.#clock.now() + this.#correctionMs;
  };
  monotonic = (): number => this.#clock.monotonic();
  sleep = (ms: number, signal?: AbortSignal): Promise<void> => this.#clock.sleep(ms, signal);
  uptime = (): number | undefined => this.#clock.uptime?.();
  boot = (): string | undefined => this.#clock.boot?.();

  /** Resolves when the gateway was heard, before which nobody knows whether the time is right, or the signal aborts. */
  async compared(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = this.#compared;
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (!signal.aborted) await promise;
  }

  /** Calls `moved` whenever the time was moved. */
  listen(moved: Moved): void {
    this.#listeners.add(moved);
  }

  exchanged({ exchange, gatewayTime }: ExchangeReport): void {
    if (exchange.kind === "unreachable") return;
    if (gatewayTime !== undefined) this.#compare(gatewayTime);
    this.#compared.resolve(); // what is not proven tells no time, and is not waited for again
  }

  /** Notices that the machine's clock was set since the last look. */
  #look(): void {
    const before = this.#last, now = lookAt(this.#clock);
    this.#last = now;
    const step = now.wall - before.wall - passed(before, now);
    if (Math.abs(step) <= STEP_MS) return;
    this.#agreed = false;
    this.#log.info("the clock was set: it moved by {seconds} s", { seconds: Math.round(step / 1000) });
    const correction = this.#correctionMs - step;
    const settled = this.#correctionMs === 0 || Math.abs(correction) <= TOLERANCE_MS;
    const moved = settled ? step - this.#correctionMs : 0;
    this.#correctionMs = settled ? 0 : correction;
    if (Math.abs(moved) > STEP_MS) this.#tell(moved);
  }

  #compare(gatewayTime: number): void {
    this.#look();
    const behind = gatewayTime - this.#clock.now();
    if (Math.abs(behind) <= TOLERANCE_MS) this.#agreed = true;
    const isWrong = Math.abs(behind) > TOLERANCE_MS;
    if (!isWrong) this.#wrong.ended("the clock agrees with the gateway's");
    else if (this.#wrong.inARow === 0) this.#warn(behind);
    this.#correct(isWrong && behind > 0 && !this.#agreed ? behind : 0);
  }

  #warn(behind: number): void {
    const way = behind < 0 ? "ahead of" : "behind";
    const seconds = Math.round(Math.abs(behind) / 1000);
    const remedy = behind < 0 || this.#agreed ? "" : ", whose time is used until it is set";
    this.#wrong.happened(`the clock is {seconds} s ${way} the gateway's${remedy}`, { seconds });
  }

  #correct(wanted: number): void {
    const moved = wanted - this.#correctionMs;
    if (wanted !== 0 && Math.abs(moved) <= CORRECTION_STEP_MS) return;
    this.#correctionMs = wanted;
    if (Math.abs(moved) > STEP_MS) this.#tell(moved);
  }

  #tell(ms: number): void {
    for (const moved of this.#listeners) moved(ms);
  }
}

function lookAt(clock: Clock): Look {
  return { wall: clock.now(), monotonic: clock.monotonic(), uptime: clock.uptime?.() };
}

/** How long it was between two looks: while a machine sleeps its monotonic clock may stand, and what is on the wall goes on. */
function passed(before: Look, now: Look): number {
  const awake = now.monotonic - before.monotonic;
  if (before.uptime === undefined || now.uptime === undefined) return awake;
  const asleep = now.uptime - before.uptime - awake;
  return asleep > UPTIME_STEP_MS ? awake + asleep : awake;
}
