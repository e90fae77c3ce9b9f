import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import { type InverterHealth, type InverterState, MAX_REASON } from "../../protocol/messages/node_health.ts";
import { isSleepingTime } from "../../protocol/night/night.ts";
import type { Location } from "../../protocol/night/sun.ts";
import { glimpseOf } from "./glimpse.ts";
import type { PollObserver, PollReport } from "./sampler.ts";
import { maySleep, newWakefulness, nextWakefulness, type Surroundings, type Wakefulness } from "./wakefulness.ts";

/** How an inverter was last seen. */
interface StoredWakefulness {
  readonly state: InverterState;
  readonly since: number;
  readonly reason: string;
}

/** Keeps how the inverters are over a restart. */
export interface WakefulnessStore {
  load(inverter: string): StoredWakefulness | undefined;
  /** Throws when the disk refuses. */
  keep(inverter: string, seen: StoredWakefulness): void;
}

/** Dependencies of a watch. */
interface WatchIo {
  readonly inverter: string;
  /** Whether its line is a serial one. */
  readonly serial: boolean;
  readonly location: Location | undefined;
  readonly store: WakefulnessStore;
  /** It fell asleep, or woke up. */
  readonly changed: (asleep: boolean) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Watches over one inverter: whether it works, sleeps or is at fault, and tells when that changes. */
export class Watch implements PollObserver {
  readonly #io: WatchIo;
  readonly #trouble: RateLimitedLog;
  #known: Wakefulness;
  /** Since when it was so before this run; that time was told by a clock of its own. */
  readonly #storedSince: number | undefined;

  constructor(io: WatchIo) {
    this.#io = io;
    this.#trouble = new RateLimitedLog(io.log, io.clock);
    const stored = io.store.load(io.inverter);
    this.#storedSince = stored?.since;
    const known = stored !== undefined && stored.state !== "stale";
    this.#known = { ...newWakefulness(io.clock.now()), ...stored, known };
    if (this.asleep) io.changed(true);
  }

  get asleep(): boolean {
    return this.#known.state === "asleep";
  }

  /** Whether it would be no surprise if it were silent now. */
  maySleep(): boolean {
    return maySleep(this.#known, this.#io.clock.now(), this.#around());
  }

  polled({ poll }: PollReport): void {
    const before = this.#known;
    const glimpse = glimpseOf(poll);
    this.#known = nextWakefulness(before, glimpse, this.#around());
    if (glimpse.kind === "silent") this.#silent(glimpse.message);
    if (this.#known.state !== before.state) this.#changed(before);
    else if (this.#known.known !== before.known) this.#keep();
    if (glimpse.kind === "seen") this.#answered();
  }

  /** The clock was wrong by so many milliseconds. */
  redate(ms: number): void {
    const { since, silent } = this.#known;
    if (since !== this.#storedSince) this.#known = { ...this.#known, since: since + ms };
    this.#known = { ...this.#known, silent: { ...silent, since: silent.since + ms } };
  }

  health(): InverterHealth {
    const { state, since, reason } = this.#known;
    const since_ms = Math.max(0, Math.round(since));
    return { inverter: this.#io.inverter, state, since_ms, reason: reason.slice(0, MAX_REASON) };
  }

  /** Silence at night is told once, as sleep. */
  #silent(message: string): void {
    const { inverter } = this.#io;
    if (this.#known.state !== "asleep" && !this.maySleep()) {
      this.#trouble.happened("inverter {inverter} gave nothing: {message}", { inverter, message });
    }
  }

  #answered(): void {
    this.#trouble.ended("inverter {inverter} answers again", { inverter: this.#io.inverter });
  }

  #changed(before: Wakefulness): void {
    const { inverter, log, changed } = this.#io;
    const { state, reason } = this.#known;
    this.#keep();
    // What ends a fault is told as its end.
    if (state === "ok" && before.state === "asleep") log.info("inverter {inverter} is awake", { inverter });
    if (state === "asleep") log.info("inverter {inverter} is asleep: {reason}", { inverter, reason });
    if (state === "stale") log.info("inverter {inverter} was not heard of: {reason}", { inverter, reason });
    if (state === "fault") log.warn("inverter {inverter} is at fault: {reason}", { inverter, reason });
    if (before.state === "asleep" || state === "asleep") changed(state === "asleep");
  }

  #keep(): void {
    const { inverter, store, log } = this.#io;
    const { state, since, reason } = this.#known;
    try {
      store.keep(inverter, { state, since, reason });
    } catch (error) {
      log.warn("state of {inverter} not written down: {error}", { inverter, error }); // it is found out again
    }
  }

  #around(): Surroundings {
    const { location, serial, clock } = this.#io;
    return { serial, sleepingTime: location && isSleepingTime(location, clock.now()) };
  }
}
