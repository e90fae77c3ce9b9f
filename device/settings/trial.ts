import type { FailedParty, RevertReason } from "./updates.ts";
import { type TrialState, unproven } from "./state.ts";

/** The party that is not an inverter. */
export const GATEWAY = "gateway";

/** The party that an inverter is. */
export function inverterParty(name: string): string {
  return `inverter ${name}`;
}

/** What an attempt to poll an inverter or to reach the gateway came to. */
export type Attempt =
  | { readonly kind: "worked" }
  /** `refused`: the other side is there and will not have what it was asked for. */
  | { readonly kind: "failed"; readonly message: string; readonly refused: boolean };

/** How a party has been doing since the settings in force came into force, or since the node's start. */
export interface Health {
  readonly last: Attempt;
  /** Attempts in a row that came to the same. */
  readonly run: number;
  /** Upload moments in a row at which a party that has to work did not. */
  readonly strikes: number;
}

/** How all parties have been doing. One that is missing was not tried. */
type Healths = ReadonlyMap<string, Health>;

/** What became of a trial. */
export type Verdict =
  | { readonly kind: "open"; readonly trial: TrialState }
  | { readonly kind: "good" }
  | { readonly kind: "failed"; readonly reason: RevertReason };

/** Successes in a row that prove a party without waiting for the upload. */
const PROOF_RUN = 10;
/** Upload moments, and failures in a row, after which settings are given up. */
const MAX_STRIKES = 3;
const FAILURE_RUN = 3;

/** The health of a party after one more attempt. */
export function tried(before: Health | undefined, attempt: Attempt): Health {
  const run = before?.last.kind === attempt.kind ? before.run + 1 : 1;
  return { last: attempt, run, strikes: before?.strikes ?? 0 };
}

/**
 * The trial after an attempt of a party: many successes in a row prove it; a refusal makes it one that has to work, unless
 * it refused before as well.
 */
export function afterAttempt(trial: TrialState, party: string, { last, run }: Health): Verdict {
  if (last.kind === "worked") return run < PROOF_RUN ? { kind: "open", trial } : verdict(proved(trial, party));
  const isNew = last.refused && ![...trial.judged, ...trial.proven, ...trial.refusing].includes(party);
  return { kind: "open", trial: isNew ? { ...trial, judged: [...trial.judged, party] } : trial };
}

/** The trial and the health of the parties at an upload moment. Nothing is said of a party that was not tried since. */
export function atUpload(
  before: TrialState,
  healths: Healths,
): { readonly verdict: Verdict; readonly healths: Healths } {
  let trial = before;
  const next = new Map(healths);
  for (const [party, health] of healths) {
    if (health.last.kind === "worked") trial = proved(trial, party);
    else if (unproven(trial).includes(party)) next.set(party, { ...health, strikes: health.strikes + 1 });
  }
  const failed = unproven(trial).flatMap((party) => failureOf(party, next.get(party)));
  const reason = { code: "stopped_working", parties: failed } as const;
  const judged: Verdict = failed.length > 0 ? { kind: "failed", reason } : verdict(trial);
  return { verdict: judged, healths: next };
}

/** Good: whoever has to work has, the gateway has, and an inverter has. */
function verdict(trial: TrialState): Verdict {
  const { proven } = trial;
  const isGood = unproven(trial).length === 0 && proven.includes(GATEWAY) &&
    proven.some((party) => party !== GATEWAY);
  return isGood ? { kind: "good" } : { kind: "open", trial };
}

function proved(trial: TrialState, party: string): TrialState {
  return trial.proven.includes(party) ? trial : { ...trial, proven: [...trial.proven, party] };
}

function failureOf(party: string, health: Health | undefined): readonly FailedParty[] {
  if (health?.last.kind !== "failed" || health.strikes < MAX_STRIKES || health.run < FAILURE_RUN) return [];
  const { message } = health.last;
  return [{ party, strikes: health.strikes, message }];
}
