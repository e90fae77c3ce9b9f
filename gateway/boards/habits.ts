import type { Reading } from "./reading.ts";
import { COLUMNS } from "./registers.ts";

/**
 * How the values of one board's inverter behave, learned from its batches: what the likeliest reading of a frame is measured
 * by. In raw register units; plain JSON. It outlives reboots and gaps.
 */
export interface Habits {
  /** Batches it was learned from. */
  readonly batches: number;
  /** Slow means, and how far single values lie from them. */
  readonly voltage: Level;
  readonly temperature: Level;
  readonly power: {
    /** Mean step from one poll to the next, and the way it goes, in W. */
    readonly step: number;
    readonly slope: number;
    /** Power over voltage times current, and samples that this was learned from. */
    readonly gain: number;
    readonly seen: number;
    /** W that power lies from that product at most, beyond what the tenths of an ampere explain. */
    readonly scatter: number;
  };
  /** Of the AC current and the two PV currents. */
  readonly flicker: readonly [Flicker, Flicker, Flicker];
  readonly currents: {
    /** Tenths of an ampere for each W, of the two PV currents; `null` until there was power. */
    readonly perWatt: readonly [number, number] | null;
    readonly samples: number;
    /** Whether exact values told it. */
    readonly certain: boolean;
  };
}

interface Level {
  readonly level: number | null;
  readonly spread: number;
}

/** A value that mostly stays as it is. */
interface Flicker {
  /** Share of polls after which it is the same, and the mean step otherwise. */
  readonly still: number;
  readonly jump: number;
}

/** Of an inverter that nothing is known of. */
export const NEW_HABITS: Habits = {
  batches: 0,
  voltage: { level: null, spread: 1.7 },
  temperature: { level: null, spread: 0.45 },
  power: { step: 6, slope: 0, gain: 1, seen: 0, scatter: 10 },
  flicker: [{ still: 0.8, jump: 1.5 }, { still: 0.85, jump: 1.2 }, { still: 0.85, jump: 1.2 }],
  currents: { perWatt: null, samples: 0, certain: false },
};

/** Columns by position: VAC1 IAC1 IPV1 PAC IPV2 TEMP. */
const [VOLTAGE, CURRENT, FIRST_PV, POWER, SECOND_PV, TEMPERATURE] = [0, 1, 2, 3, 4, 5] as const;

/** Part of an observation that a habit takes over. */
const PACE = 0.02;
const LEVEL_PACE = { voltage: 0.08, temperature: 0.1 };
const SLOPE_PACE = 0.3;
const GAIN_PACE = 0.005;
const SCATTER_PACE = 0.03;
/** A level that a value is further from than this begins anew. */
const REACH = { voltage: 25, temperature: 10 };
/** Samples of more than so many W tell what belongs to a watt, exact and estimated ones; of the latter so many. */
const TELLING_W = { exact: 200, estimated: 120, gain: 300 };
const ESTIMATED_SAMPLES = 60;

/** The habits after a batch of five samples, which followed `last`. Estimated values teach less than exact ones. */
export function learn(habits: Habits, last: Reading | null, { values, qualities }: Reading): Habits {
  const rows = rowsOf(values);
  const steps = certainSteps(last?.values, rows);
  const exact = rows.map((_, row) => qualities.slice(row * COLUMNS, row * COLUMNS + TEMPERATURE).every(isExact));
  return {
    batches: habits.batches + 1,
    voltage: {
      level: levelAfter(habits.voltage.level, rows, VOLTAGE, LEVEL_PACE.voltage, REACH.voltage),
      spread: spreadAfter(habits.voltage.spread, steps[VOLTAGE], { factor: 0.85, most: 12, least: 0.4 }),
    },
    temperature: {
      level: levelAfter(habits.temperature.level, rows, TEMPERATURE, LEVEL_PACE.temperature, REACH.temperature),
      spread: spreadAfter(habits.temperature.spread, steps[TEMPERATURE], { factor: 1.2, most: 3, least: 0.25 }),
    },
    power: powerAfter(habits.power, last?.values, rows, { steps: steps[POWER], exact }),
    flicker: [
      flickerAfter(habits.flicker[0], rows, steps[CURRENT]),
      flickerAfter(habits.flicker[1], rows, steps[FIRST_PV]),
      flickerAfter(habits.flicker[2], rows, steps[SECOND_PV]),
    ],
    currents: rows.reduce((currents, row, i) => currentsAfter(currents, row, exact[i] ?? false), habits.currents),
  };
}

type Row = readonly number[];

function rowsOf(values: readonly number[]): readonly Row[] {
  return Array.from({ length: values.length / COLUMNS }, (_, row) => values.slice(row * COLUMNS, (row + 1) * COLUMNS));
}

const isExact = (quality: string): boolean => quality === "exact";

/** By column: the steps that every frame tells for certain, into its first sample and into its second. */
function certainSteps(
  last: Row | undefined,
  [first = [], second = []]: readonly Row[],
): readonly (readonly number[])[] {
  return Array.from({ length: COLUMNS }, (_, column) => {
    const step = Math.abs((second[column] ?? 0) - (first[column] ?? 0));
    return last === undefined ? [step] : [Math.abs((first[column] ?? 0) - (last[column] ?? 0)), step];
  });
}

function levelAfter(before: number | null, rows: readonly Row[], column: number, pace: number, reach: number): number {
  let level = before;
  for (const row of rows) {
    const value = row[column] ?? 0;
    level = level === null || Math.abs(value - level) > reach ? value : level + pace * (value - level);
  }
  return rounded(level ?? 0);
}

function spreadAfter(
  before: number,
  steps: readonly number[] = [],
  { factor, most, least }: { readonly factor: number; readonly most: number; readonly least: number },
): number {
  const spread = steps.reduce((sum, step) => sum + PACE * (Math.min(step, most) * factor - sum), before);
  return rounded(Math.max(least, spread));
}

function powerAfter(
  before: Habits["power"],
  last: Row | undefined,
  rows: readonly Row[],
  { steps = [], exact }: { readonly steps: readonly number[] | undefined; readonly exact: readonly boolean[] },
): Habits["power"] {
  let { slope, gain, seen, scatter } = before;
  for (const [i, row] of rows.entries()) {
    const power = row[POWER] ?? 0;
    const above = i === 0 ? last?.[POWER] : rows[i - 1]?.[POWER];
    if (above !== undefined) slope += SLOPE_PACE * (power - above - slope);
    if (!exact[i] || power === 0) continue;
    const product = apparentPower(row);
    const over = excess(power - gain * product, row[VOLTAGE] ?? 0);
    scatter += SCATTER_PACE * (Math.min(1.5 * over + 2, 500) - scatter);
    const ratio = power / product;
    if (power <= TELLING_W.gain || !(ratio > 0.8 && ratio < 1.2)) continue;
    seen++;
    gain += Math.max(1 / (seen + 20), GAIN_PACE) * (ratio - gain);
  }
  const isIdle = (rows[0]?.[POWER] ?? 0) === 0;
  const step = isIdle ? before.step : spreadAfter(before.step, steps, { factor: 1, most: 60, least: 0.8 });
  return { step, slope: rounded(slope), gain: rounded(gain), seen, scatter: rounded(scatter) };
}

/** Voltage times current in W: both are in tenths. */
export function apparentPower(row: Row): number {
  return (row[VOLTAGE] ?? 0) * (row[CURRENT] ?? 0) / 100;
}

/** W of a difference from voltage times current that half a tenth of an ampere does not explain. */
export function excess(difference: number, voltage: number): number {
  return Math.max(0, Math.abs(difference) - voltage / 200);
}

function flickerAfter(before: Flicker, rows: readonly Row[], steps: readonly number[] = []): Flicker {
  if ((rows[0]?.[POWER] ?? 0) === 0) return before;
  let { still, jump } = before;
  for (const step of steps) {
    still += PACE * ((step === 0 ? 1 : 0) - still);
    if (step > 0) jump += PACE * (Math.min(step, 10) - jump);
  }
  return { still: rounded(Math.min(0.985, Math.max(0.2, still))), jump: rounded(jump) };
}

/** Estimated samples tell only until exact ones do, and only the first: an estimate that drifts must not teach its drift. */
function currentsAfter(before: Habits["currents"], row: Row, exact: boolean): Habits["currents"] {
  const power = row[POWER] ?? 0;
  if (power < (exact ? TELLING_W.exact : TELLING_W.estimated)) return before;
  if (!exact && (before.certain || before.samples >= ESTIMATED_SAMPLES)) return before;
  const begins = exact && !before.certain || before.perWatt === null;
  const samples = begins ? 1 : before.samples + 1;
  const pace = Math.max(1 / samples, 0.01);
  const [first, second] = before.perWatt ?? [0, 0];
  const next = (known: number, current = 0) => rounded(known + pace * (current / power - known), 6);
  return {
    perWatt: [next(first, row[FIRST_PV]), next(second, row[SECOND_PV])],
    samples,
    certain: before.certain || exact,
  };
}

/** Kept with every upload, so not longer than it has to be. */
function rounded(value: number, digits = 3): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
