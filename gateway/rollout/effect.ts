import type { Member, Rollout, StoredRollout } from "../store/port/rollout.ts";
import type { DeviceReason } from "../store/port/rollout_reason.ts";

/** What became of a rollout on a device. */
export type Outcome =
  | { readonly kind: "succeeded" }
  /** Nothing is decided yet. */
  | { readonly kind: "pending" }
  /** `final`: another attempt would fail as well. */
  | { readonly kind: "failed"; readonly reason: DeviceReason; readonly final: boolean }
  /** It is no longer the rollout's. */
  | { readonly kind: "left"; readonly reason: DeviceReason };

/** That it was begun on a device; `mark`: what has to be known to take it back. */
interface Begun<Mark> {
  readonly kind: "begun";
  readonly mark: Mark;
}

/** What a rollout does to a device. Everything happens inside the transaction that keeps the rollout. */
export interface Effect<Goal, Mark> {
  readonly kind: "firmware" | "settings";
  /** How far a rollout is, in the words of the API. */
  phaseOf(rollout: Rollout<Goal, Mark>): string;
  /** Begins on a device whose turn it is. Left out: a device asks by itself, and `tell` says that it was begun on. */
  begin?(
    device: string,
    stored: StoredRollout<Goal, Mark>,
    now: number,
  ): Begun<Mark> | Extract<Outcome, { kind: "left" }>;
  /** Takes back what was begun. Left out: that cannot be. */
  takeBack?(
    member: Member<Mark>,
    stored: StoredRollout<Goal, Mark>,
    now: number,
  ): { readonly kind: "back" } | Extract<Outcome, { kind: "left" }>;
  /** What is to be seen of a device that waits or was begun on, without asking it. */
  outcomeOf(member: Member<Mark>, rollout: Rollout<Goal, Mark>, now: number): Outcome;
}
