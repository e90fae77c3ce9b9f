import { z } from "zod";
import type { ReportUpdate } from "../../protocol/settings/report.ts";
import type { BrokenRule } from "../../protocol/settings/broken_rule.ts";
import { differences, Settings, type SettingsValues, SettingsVersion } from "../../protocol/settings/settings.ts";
import { rejectedUpdates, revertedUpdates, type RevertReason, takenUpdates } from "./updates.ts";

/** Starts of the node that settings get to prove themselves: a node that they kill comes back without them. */
const MAX_STARTS = 5;

const Parties = z.array(z.string());

/** Settings in force that have not proved themselves yet (docs/decisions/066). What is here survives a restart. */
export const TrialState = z.object({
  /** Parties that worked before, and have to work again: the gateway and inverters, by name. */
  judged: Parties,
  /** Parties that have worked under these settings. */
  proven: Parties,
  /** Parties that refused what they were asked before already: that is no fault of these settings. */
  refusing: Parties,
  /** Times that the node was started under these settings while somebody had not worked yet. */
  starts: z.int(),
});
export type TrialState = Readonly<z.infer<typeof TrialState>>;

/** What the node remembers of remote settings. `null` for settings: the configuration file alone. */
export const SettingsState = z.object({
  inForce: Settings.nullable(),
  /** The last ones that proved themselves. */
  good: Settings.nullable(),
  /** Accepted, in force from the next upload on. */
  pending: Settings.nullable(),
  /** The last ones that were dealt with, whatever became of them. Without `settings`: they could not be read. */
  handled: z.object({ version: SettingsVersion, settings: Settings.nullable() }).nullable(),
  /** While those in force are not good yet. */
  trial: TrialState.nullable(),
});
export type SettingsState = Readonly<z.infer<typeof SettingsState>>;

/** Before the first settings. */
export const initialState: SettingsState = { inForce: null, good: null, pending: null, handled: null, trial: null };

/** What the gateway wants: settings, or something that cannot be read as such, with the reasons. */
export type Offer =
  | { readonly kind: "settings"; readonly settings: Settings }
  | { readonly kind: "unreadable"; readonly version: number; readonly refusals: readonly BrokenRule[] };

/** A step: the state after it, and what to tell the gateway of it. */
export interface Step {
  readonly state: SettingsState;
  readonly updates: readonly ReportUpdate[];
}

/** How the parties were doing just before settings came into force. */
export interface Before {
  readonly working: readonly string[];
  readonly refusing: readonly string[];
}

/** Whether this offer was dealt with: the same version with the same content. */
export function isHandled({ handled }: SettingsState, offer: Offer): boolean {
  if (handled === null) return false;
  if (offer.kind === "unreadable") return handled.settings === null && handled.version === offer.version;
  return handled.version === offer.settings.version && handled.settings !== null &&
    differences(handled.settings, offer.settings).length === 0;
}

/** An offer that is new: rejected, in force already, or to be applied at the next upload. */
export function received(state: SettingsState, offer: Offer, refusals: readonly BrokenRule[]): Step {
  if (offer.kind === "unreadable") {
    const { version } = offer;
    const next = { ...state, handled: { version, settings: null } };
    return { state: next, updates: rejectedUpdates({ version }, offer.refusals, {}) };
  }
  const { settings } = offer;
  const next = { ...state, handled: { version: settings.version, settings } };
  if (refusals.length > 0) return { state: next, updates: rejectedUpdates(settings, refusals, state.inForce ?? {}) };
  if (isSame(settings, state.inForce)) {
    return { state: adopted(next, settings), updates: takenUpdates(settings, "applied") };
  }
  return { state: { ...next, pending: settings }, updates: takenUpdates(settings, "accepted") };
}

/** The pending settings come into force. Who had yet to work under those before has to under these. */
export function applied(state: SettingsState, pending: Settings, before: Before): Step {
  const next = { ...state, inForce: pending, pending: null };
  const updates = takenUpdates(pending, "applied");
  if (isSame(pending, state.good)) return { state: { ...next, good: pending, trial: null }, updates };
  const judged = [...new Set([...before.working, ...unproven(state.trial)])];
  const trial = { judged, proven: [], refusing: [...before.refusing], starts: 0 };
  return { state: { ...next, trial }, updates };
}

/** Those in force proved themselves. */
export function settled(state: SettingsState): SettingsState {
  return { ...state, good: state.inForce, trial: null };
}

/** Those in force did not: the last good ones are in force again. */
export function reverted(state: SettingsState, reason: RevertReason): Step {
  const next = { ...state, inForce: state.good, trial: null };
  return {
    state: next,
    updates: state.inForce === null ? [] : revertedUpdates(state.inForce, state.good ?? {}, reason),
  };
}

/** The node was started. */
export function started(state: SettingsState): Step {
  const { trial } = state;
  if (trial === null || unproven(trial).length === 0) return { state, updates: [] };
  const starts = trial.starts + 1;
  if (starts < MAX_STARTS) return { state: { ...state, trial: { ...trial, starts } }, updates: [] };
  return reverted(state, { code: "not_proven", starts, waiting: unproven(trial) });
}

/** Parties that have to work and have not yet. */
export function unproven(trial: TrialState | null): readonly string[] {
  return trial === null ? [] : trial.judged.filter((party) => !trial.proven.includes(party));
}

/** The same content under a new number changes nothing but the number. */
function adopted(state: SettingsState, settings: Settings): SettingsState {
  return { ...state, inForce: settings, pending: null, good: state.trial === null ? settings : state.good };
}

function isSame(one: SettingsValues, other: SettingsValues | null): boolean {
  return differences(one, other ?? {}).length === 0;
}
