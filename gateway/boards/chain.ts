import { z } from "zod";
import type { Sample } from "../../protocol/sample.ts";
import type { Reading } from "./reading.ts";
import { COLUMNS } from "./registers.ts";

/** By how much each column of a chain was off at its end; `null`: not known. In raw register units. */
const offsets = z.array(z.int().nullable()).length(COLUMNS);

const chain = z.object({
  /** Unix ms of the last sample that stands for itself, and of the last one whose power and currents are known: idle is. */
  knownAt: z.number(),
  powerKnownAt: z.number(),
  /** Unix ms of the newest sample, and its values. */
  endAt: z.number(),
  end: z.array(z.int()).length(COLUMNS),
  /** Where batches are missing: unix ms of the first sample behind them, and for how long they are. The newest. */
  gaps: z.array(z.tuple([z.number(), z.number()])),
  /** The next batch follows on something that was lost. */
  broken: z.boolean(),
  /** Unix ms since when its power has hardly been above 0, unless it is idle. */
  lowSince: z.number().nullable().default(null),
});

/** The batches of a board since the last sample that stood for itself, each told as differences from the one before it. Plain JSON. */
export type Chain = Readonly<z.infer<typeof chain>>;

const mend = chain.pick({ knownAt: true, powerKnownAt: true, endAt: true, gaps: true }).extend({
  /** Unix ms of the sample that showed it, and by how much the chain was off then. */
  shownAt: z.number(),
  offsets,
  /** Unix ms up to which it is done. */
  doneTo: z.number(),
});

/** What is to be corrected of a chain that has ended at something that stands for itself. Plain JSON. */
export type Mend = Readonly<z.infer<typeof mend>>;

export const chainSchema = chain;
export const mendSchema = mend;

/** A batch, as far as its chain is concerned. */
interface Link {
  readonly reading: Reading;
  /** Unix ms, one a sample. */
  readonly times: readonly number[];
  /** It is told as differences from the batch before it. */
  readonly chained: boolean;
  /** It says for certain that power has moved. */
  readonly powerMoves: boolean;
}

/** Gaps that are remembered. */
const MOST_GAPS = 8;

/**
 * Milliseconds from the end of a chain to what stands for itself again, at most: later than that, it says nothing of the
 * chain.
 */
const LATEST_MS = 900_000;

/**
 * Milliseconds for which the power of a chain is told well enough to be counted: estimates have gone astray by less than 2 %
 * of their energy by then. What comes out of an idle inverter is not, however soon: a slow dawn is told worst.
 */
const TRUSTED_MS = 900_000;

/** A chain of so many milliseconds, at most, is corrected by the idle inverter at its end. */
const PROVEN_BY_IDLE_MS = 14_400_000;

/** W that an inverter soon leaves behind at dusk, and for how many milliseconds it may take. */
const LOW_W = 10;
const LONGEST_LOW_MS = 120_000;

/** What a batch makes of the chain before it. */
interface Followed {
  readonly chain: Chain;
  /** Its power has been told as differences for too long to be counted before it is corrected. */
  readonly doubtful: boolean;
  /** What it shows to be wrong with the chain. */
  readonly mend?: Mend;
}

/**
 * The chain behind a batch, and what there is to mend when the batch stands for itself: it shows by how much the chain had
 * gone astray, less what the inverter did in one poll. An inverter that gives nothing any more shows it of its power.
 */
export function follow(before: Chain | null, { reading, times, chained, powerMoves }: Link): Followed {
  const { values, qualities } = reading;
  const startAt = times[0] ?? 0;
  const endAt = times.at(-1) ?? 0;
  const end = values.slice(-COLUMNS);
  const known = { knownAt: endAt, powerKnownAt: endAt, endAt, end, gaps: [], broken: false, lowSince: null };
  if (before === null || !chained) return withMend(known, false, before && mendOf(before, reading, startAt));
  if (qualities.slice(-COLUMNS).every((quality) => quality === "exact")) return withMend(known, false, null);
  const { knownAt, powerKnownAt, broken } = before;
  const most = Math.max(...values.filter((_, position) => position % COLUMNS === POWER));
  const isIdle = most === 0 && !broken && !powerMoves;
  const gap: [number, number] = [startAt, startAt - before.endAt];
  const chain = {
    knownAt,
    powerKnownAt: isIdle ? endAt : powerKnownAt,
    endAt,
    end,
    gaps: (broken ? [...before.gaps, gap] : before.gaps).slice(-MOST_GAPS),
    broken: false,
    lowSince: isIdle || most > LOW_W ? null : before.lowSince ?? startAt,
  };
  if (isIdle) return withMend(chain, false, mendAtIdle(before, startAt));
  return withMend(chain, powerKnownAt > knownAt || endAt - knownAt > TRUSTED_MS, null);
}

function withMend(chain: Chain, doubtful: boolean, mend: Mend | null): Followed {
  return mend === null ? { chain, doubtful } : { chain, doubtful, mend };
}

function mendOf(chain: Chain, { values, qualities }: Reading, shownAt: number): Mend | null {
  const { knownAt, powerKnownAt, endAt, end } = chain;
  const gap = shownAt - endAt;
  if (endAt <= knownAt || gap <= 0 || gap > LATEST_MS) return null;
  const offsets = end.map((value, column) => qualities[column] === "lossy" ? null : (values[column] ?? 0) - value);
  const lost: [number, number][] = chain.broken ? [[shownAt, gap]] : [];
  return { knownAt, powerKnownAt, endAt, gaps: [...chain.gaps, ...lost], shownAt, offsets, doneTo: knownAt };
}

/**
 * What an inverter that has become idle shows: what was left of its power is what the estimates were off by. Those that have
 * been at 0 for a while before show nothing: they were too low, nobody knows by how much.
 */
function mendAtIdle(chain: Chain, shownAt: number): Mend | null {
  const { knownAt, powerKnownAt, endAt, end, gaps, lowSince } = chain;
  const gap = shownAt - endAt;
  if (powerKnownAt > knownAt || endAt <= knownAt || endAt - knownAt > PROVEN_BY_IDLE_MS) return null;
  if (gap <= 0 || gap > LATEST_MS || shownAt - (lowSince ?? shownAt) > LONGEST_LOW_MS) return null;
  const offsets = end.map((value, column) => isOfPower(column) ? -value : null);
  return { knownAt, powerKnownAt, endAt, gaps, shownAt, offsets, doneTo: knownAt };
}

/** Whether the energy of these samples is known well enough to be counted once they are corrected. */
export function isSettled({ powerKnownAt }: Mend, samples: readonly Sample[]): boolean {
  return samples.every(({ at, values }) => at > powerKnownAt || values[POWER] === 0);
}

/** The columns by position: VAC1 IAC1 IPV1 PAC IPV2 TEMP. */
const POWER = 3;

/** IAC1, IPV1, PAC and IPV2. */
function isOfPower(column: number): boolean {
  return column > 0 && column < COLUMNS - 1;
}

/** How many times as far an inverter moves in a gap as a chain goes astray in the same time. */
const GAP_WEIGHT = 40;

/**
 * A sample of a chain, corrected: what the chain was off by at its end has come about evenly since it was known to be right,
 * and faster where batches are missing. What was 0 stays 0.
 */
export function mended(
  mend: Mend,
  at: number,
  values: readonly (number | undefined)[],
): readonly (number | undefined)[] {
  const idle = values[POWER] === 0;
  return values.map((value, column) => {
    const offset = mend.offsets[column] ?? 0;
    const from = isOfPower(column) ? mend.powerKnownAt : mend.knownAt;
    if (value === undefined || offset === 0 || at <= from || (isOfPower(column) && (idle || value === 0))) return value;
    const share = course(mend, from, at) / course(mend, from, mend.shownAt);
    return Math.min(0xffff, Math.max(0, Math.round(value + offset * share)));
  });
}

/** Milliseconds from one moment to a later one, those of gaps counted many times. */
function course({ gaps }: Mend, from: number, to: number): number {
  return gaps.reduce((sum, [at, ms]) => at > from && at <= to ? sum + (GAP_WEIGHT - 1) * ms : sum, to - from);
}
