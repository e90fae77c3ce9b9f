import { type RevertReason, revertReasonText } from "./updates.ts";
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { BrokenRule } from "../../protocol/settings/broken_rule.ts";
import type { Settings } from "../../protocol/settings/settings.ts";
import {
  applied,
  type Before,
  initialState,
  isHandled,
  type Offer,
  received,
  reverted,
  type SettingsState,
  settled,
  started,
  type Step,
  type TrialState,
} from "./state.ts";
import { afterAttempt, type Attempt, atUpload, type Health, tried, type Verdict } from "./trial.ts";

/** Dependencies of the keeper. */
interface SettingsKeeperIo {
  readonly store: {
    load(): SettingsState | undefined;
    /** Throws when the disk refuses. */
    keep(step: Step): void;
  };
  /** Everybody who is to work under settings: the gateway, and the inverters by name. */
  readonly parties: readonly string[];
  /** Why this node cannot have these settings. */
  readonly refusals: (settings: Settings) => readonly BrokenRule[];
  /** Puts settings in force; `null`: the configuration file alone. */
  readonly putInForce: (settings: Settings | null) => void;
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Logger;
}

/**
 * Remote settings from the offer to the day they have proved themselves (docs/decisions/065, 066). Every step is on disk
 * before it is taken; what a killed node had begun goes on when it starts again.
 */
export class SettingsKeeper {
  readonly #io: SettingsKeeperIo;
  readonly #disk: RateLimitedLog;
  #state: SettingsState;
  #healths = new Map<string, Health>();
  /** When what is in force came into force, milliseconds of the monotonic clock. */
  #since = -Infinity;
  /** Pending settings missed an upload moment, because nobody knew yet who works: a node that was just started. */
  #overdue = false;

  /** Loads what is on disk, without putting it in force. */
  constructor(io: SettingsKeeperIo) {
    this.#io = io;
    this.#disk = new RateLimitedLog(io.log, io.clock);
    const stored = io.store.load();
    if (stored === undefined) {
      io.log.error("remote settings on disk cannot be read; the configuration file is in force");
    }
    this.#state = withParties(stored ?? initialState, io.parties);
    this.#try("start with remote settings", () => this.#keep(started(this.#state)));
  }

  state(): SettingsState {
    return this.#state;
  }

  /** Takes in what the gateway wants; false when it was dealt with before. Throws when the disk refuses. */
  offer(offer: Offer): boolean {
    if (isHandled(this.#state, offer)) return false;
    const refusals = offer.kind === "settings" ? this.#io.refusals(offer.settings) : offer.refusals;
    this.#keep(received(this.#state, offer, refusals));
    const version = offer.kind === "settings" ? offer.settings.version : offer.version;
    if (refusals.length === 0) this.#io.log.info("settings {version} accepted", { version });
    else this.#io.log.warn("settings {version} rejected: {refusals}", { version, refusals });
    return true;
  }

  /** An attempt of a party. One that began, on the monotonic clock, before what is in force was says nothing about it. */
  attempted(party: string, attempt: Attempt, beganAt: number): void {
    if (beganAt < this.#since) return;
    const health = tried(this.#healths.get(party), attempt);
    this.#healths.set(party, health);
    const { pending, trial } = this.#state;
    if (trial !== null) this.#conclude(afterAttempt(trial, party, health), trial);
    if (pending !== null && this.#overdue && this.#allTried()) this.#apply(pending);
  }

  /** An upload moment: pending settings come into force, or those on trial are looked at. Never throws. */
  atUpload(): void {
    const { pending, trial } = this.#state;
    if (pending !== null && this.#allTried()) return this.#apply(pending);
    this.#overdue = pending !== null;
    if (trial !== null) {
      const { verdict, healths } = atUpload(trial, this.#healths);
      this.#healths = new Map(healths);
      this.#conclude(verdict, trial);
    }
  }

  #apply(pending: Settings): void {
    this.#try("apply settings", () => {
      this.#keep(applied(this.#state, pending, this.#before()));
      this.#overdue = false;
      this.#putInForce();
      this.#io.log.info("settings {version} applied", { version: pending.version });
    });
  }

  #allTried(): boolean {
    return this.#io.parties.every((party) => this.#healths.has(party));
  }

  #conclude(verdict: Verdict, before: TrialState): void {
    switch (verdict.kind) {
      case "open":
        if (verdict.trial === before) return;
        return this.#try("note who works", () => this.#keepSilently({ ...this.#state, trial: verdict.trial }));
      case "good":
        return this.#try("note that settings are good", () => this.#keepSilently(settled(this.#state)));
      case "failed":
        return this.#try("revert settings", () => this.#revert(verdict.reason));
      default:
        return verdict satisfies never;
    }
  }

  #revert(reason: RevertReason): void {
    const version = this.#state.inForce?.version;
    this.#keep(reverted(this.#state, reason));
    this.#putInForce();
    this.#io.log.error("settings {version} reverted: {reason}", { version, reason: revertReasonText(reason) });
  }

  #putInForce(): void {
    this.#since = this.#io.clock.monotonic();
    this.#healths.clear();
    this.#io.putInForce(this.#state.inForce);
  }

  /** Who works and who refuses now, just before a change. */
  #before(): Before {
    const working = [...this.#healths].filter(([, { last }]) => last.kind === "worked");
    const refusing = [...this.#healths].filter(([, { last }]) => last.kind === "failed" && last.refused);
    return { working: working.map(([party]) => party), refusing: refusing.map(([party]) => party) };
  }

  #keepSilently(state: SettingsState): void {
    this.#keep({ state, updates: [] });
  }

  #keep(step: Step): void {
    if (step.state === this.#state && step.updates.length === 0) return;
    this.#io.store.keep(step);
    this.#state = step.state;
  }

  /** The disk may refuse: everything stays as it was, and the next occasion tries again. */
  #try(what: string, body: () => void): void {
    try {
      body();
      this.#disk.ended("settings can be kept again");
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#disk.happened("cannot {what}: {message}", { what, message }, "error");
    }
  }
}

/** Inverters that the configuration file no longer has do not have to work. */
function withParties(state: SettingsState, parties: readonly string[]): SettingsState {
  const { trial } = state;
  if (trial === null || trial.judged.every((party) => parties.includes(party))) return state;
  return { ...state, trial: { ...trial, judged: trial.judged.filter((party) => parties.includes(party)) } };
}
