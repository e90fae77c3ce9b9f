import type { Learned } from "./map_memory.ts";
import type { Obstacles } from "./read_plan.ts";
import type { RegisterKey } from "./register_reader.ts";

const MINUTE_MS = 60_000;

/**
 * A register that is left out is asked again after a minute, ten, an hour, and from then on daily: an inverter that starts
 * refuses what it will answer soon, and firmware updates add registers.
 */
export const RETRY_PAUSES_MS: readonly number[] = [MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS];
/** The pause after those. */
export const DAILY_MS = 24 * 60 * MINUTE_MS;
/**
 * The longest pause of a register that may be refused for the night only, as the day is not always told: of one that has
 * answered before, and of any that is refused (not of one that is silent: that costs a time-out) since less than a day.
 */
const NIGHTLY_MS = 15 * MINUTE_MS;

/** Why and until when a register is left out of the reads. */
interface Refused {
  /** Exception code of the refusal; 0: no answer at all. */
  readonly code: number;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** Refusals in a row, one an attempt. */
  readonly times: number;
  readonly retryAt: number;
}

/** What was learned about an inverter's map: a value, replaced by `nextQuarantine`. */
export interface Quarantine {
  readonly refused: ReadonlyMap<RegisterKey, Refused>;
  /** Registers before which reads must end, with the monotonic milliseconds at which that is forgotten. */
  readonly cuts: ReadonlyMap<RegisterKey, number>;
  /** How often each cut was learned: what is learned again is remembered longer. */
  readonly cutTimes: ReadonlyMap<RegisterKey, number>;
  /** Registers that have answered, also those that are refused now. */
  readonly known: ReadonlySet<RegisterKey>;
}

/** What a poll found out. */
export type Finding =
  | { readonly kind: "refused"; readonly register: RegisterKey; readonly code: number }
  | { readonly kind: "answered"; readonly register: RegisterKey }
  | { readonly kind: "cut"; readonly before: RegisterKey }
  /** The unit came back or its line was opened again: it may be another inverter, or another firmware. */
  | { readonly kind: "reconnected" };

/** Nothing learned yet. */
export const emptyQuarantine: Quarantine = {
  refused: new Map(),
  cuts: new Map(),
  cutTimes: new Map(),
  known: new Set(),
};

/** What was known before a restart: believed at once, and asked for soon. */
export function rememberedQuarantine({ leftOut, answered }: Learned, now: number): Quarantine {
  const refused = [...leftOut].map(([register, code]) =>
    [register, { code, since: now, times: 1, retryAt: now + pauseAfter(1) }] as const
  );
  return { ...emptyQuarantine, refused: new Map(refused), known: answered };
}

/** What is worth knowing after a restart. */
export function learnedOf({ refused, known }: Quarantine): Learned {
  return { leftOut: new Map([...refused].map(([register, { code }]) => [register, code])), answered: known };
}

/** What is known after `finding`, at `now` (monotonic milliseconds). */
export function nextQuarantine(state: Quarantine, finding: Finding, now: number): Quarantine {
  switch (finding.kind) {
    case "refused": {
      const { since = now, times = 0 } = state.refused.get(finding.register) ?? {};
      const nightly = state.known.has(finding.register) || (finding.code > 0 && now - since < DAILY_MS);
      const retryAt = now + Math.min(nightly ? NIGHTLY_MS : DAILY_MS, pauseAfter(times + 1));
      const entry: Refused = { code: finding.code, since, times: times + 1, retryAt };
      return { ...state, refused: new Map(state.refused).set(finding.register, entry) };
    }
    case "answered": {
      if (!state.refused.has(finding.register) && state.known.has(finding.register)) return state;
      const refused = new Map(state.refused);
      refused.delete(finding.register);
      return { ...state, refused, known: new Set(state.known).add(finding.register) };
    }
    case "cut": {
      const times = (state.cutTimes.get(finding.before) ?? 0) + 1;
      const cuts = new Map(state.cuts).set(finding.before, now + pauseAfter(times));
      return { ...state, cuts, cutTimes: new Map(state.cutTimes).set(finding.before, times) };
    }
    case "reconnected": {
      const due = [...state.refused].map(([register, entry]) => {
        return [register, { ...entry, times: 0, retryAt: now }] as const;
      });
      return { ...emptyQuarantine, refused: new Map(due), known: state.known };
    }
    default:
      return finding satisfies never;
  }
}

/** The same without the cuts whose time has come. */
export function forgetOldCuts(state: Quarantine, now: number): Quarantine {
  const cuts = [...state.cuts].filter(([, until]) => until > now);
  return cuts.length === state.cuts.size ? state : { ...state, cuts: new Map(cuts) };
}

/** Refused registers to ask again, the longest waiting first. */
export function dueForRetry(state: Quarantine, now: number): readonly RegisterKey[] {
  return [...state.refused].filter(([, entry]) => entry.retryAt <= now)
    .sort(([, a], [, b]) => a.retryAt - b.retryAt || a.since - b.since)
    .map(([register]) => register);
}

/** What the planning of reads has to keep clear of. */
export function obstaclesOf(state: Quarantine): Obstacles {
  return { holes: new Set(state.refused.keys()), cuts: new Set(state.cuts.keys()) };
}

function pauseAfter(times: number): number {
  return RETRY_PAUSES_MS[times - 1] ?? DAILY_MS;
}
