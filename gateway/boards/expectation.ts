import { apparentPower, excess, type Habits } from "./habits.ts";
import { COLUMNS } from "./registers.ts";
import { likelihood, type Spread, spreadOf } from "./spread.ts";

/** What to expect of the next value of a frame: it decides between readings of the same bytes and need not be exact. */
export interface Expectation {
  /** How many readings are followed at most, and none that is so much less likely (-log) than the best one. */
  readonly width: number;
  readonly hopeless: number;
  /**
   * How surprising `value` is behind `values` (whole rows: the sample before the frame, NaN where unknown, then the values so
   * far), as a cost: -log of its likelihood.
   */
  surprise(values: readonly number[], value: number): number;
  /** The same once `values` are certain. */
  after(values: readonly number[]): Expectation;
}

/** What a frame is read by. */
interface Grounds {
  /** The pattern that its differences are from. */
  readonly base: readonly number[];
  /** The pattern is the sample before the frame. */
  readonly chained: boolean;
  /** In a chained frame: in the samples that are certain, neither power nor a current has moved. */
  readonly quiet: boolean;
  readonly habits: Habits;
}

/** A mixture of guesses for each column, each a centre and a spread. */
interface ColumnExpectation {
  /** Around the value above, and around the middle of the two values above. */
  readonly step: Spread;
  /** Around the pattern; known once some values have been seen. */
  readonly offset: Spread | undefined;
  /** Around voltage times current. */
  readonly power: Spread;
}

/** Columns by position: VAC1 IAC1 IPV1 PAC IPV2 TEMP. */
const [VOLTAGE, CURRENT, FIRST_PV, POWER, SECOND_PV, TEMPERATURE] = [0, 1, 2, 3, 4, 5] as const;

const WIDTH = 32;
const HOPELESS = 8;

/** Mean step from one poll to the next, before anything is known of a board. */
const USUAL_STEP = [1.5, 0.8, 0.5, 10, 0.5, 0.25];
/** Around the pattern, where no sample before is known. */
const FIRST_STEP = [60, 20, 15, 150, 15, 60];
const FAR = [30, 30, 20, 400, 20, 20];
const NEAR = [9, 6, 3, 45, 3, 9];

/** A longer step counts as this many usual ones. */
const MOST_STEPS = 10;

/** A pattern that the values are further from than this many usual steps tells nothing about the next one. */
const PATTERN_REACH = 10;

/** How many observations the usual step is worth. */
const TRUST = 2;

/** Values scatter around their middle; a temperature that has moved stays there. */
const WEIGHT = { above: 1, middle: 1, middleTemperature: 0.2, pattern: 0.5, power: 0.3, powerStep: 0.4, far: 0.05 };
/** How the pattern attracts: the first sample, a later temperature, anything else. */
const PATTERN_PULL = { first: 0.18, temperature: 0.06, other: 0.3 };

/** An inverter of 35 °C at no load is 5.8 °C warmer for each kW: a hint, and only while nothing better is known. */
const IDLE_TEMPERATURE = 350;
const TEMPERATURE_PER_WATT = 0.058;
const TEMPERATURE_SPREAD = 40;
const WARMTH = 2;
/** No temperature moves by more between two polls: after such a jump the sample above tells nothing. */
const TEMPERATURE_JUMP = 10;

/** Costs (-log of a likelihood) of what hardly happens: of power and currents out of nothing, and of currents without power. */
const COST = { dawn: 16, currentAtDawn: 8, idleCurrent: 6, leap: 3, unquiet: 2 };
/** Costs for each W that power is off voltage times current by, and at most: in a first sample, and in a chained frame. */
const MISFIT = { first: { perWatt: 0.15, most: 3 }, chained: { perWatt: 0.15, most: 4 } };

const FIRST = FIRST_STEP.map(spreadOf);

function columnOf(step: number, offset: number | undefined): ColumnExpectation {
  return {
    step: spreadOf(step),
    power: spreadOf(2 * step),
    offset: offset === undefined ? undefined : spreadOf(offset),
  };
}

const UNLEARNED = USUAL_STEP.map((usual) => columnOf(usual, undefined));

/** What to expect of any board: the figures are those of a small inverter in raw register units. */
export function expectUsual(grounds: Grounds): Expectation {
  return withColumns(grounds, UNLEARNED, grounds.habits.power.scatter);
}

function withColumns(grounds: Grounds, columns: readonly ColumnExpectation[], scatter: number): Expectation {
  return {
    width: WIDTH,
    hopeless: HOPELESS,
    surprise: (values, value) => {
      const column = values.length % COLUMNS;
      const expected = columns[column];
      const extra = physicalCost(grounds, scatter, values, value);
      if (isIdle(values)) return extra + idleCost(column, value);
      return expected === undefined ? extra : extra + surpriseOf(grounds, expected, values, value);
    },
    after: (values) => withColumns(grounds, columnsAfter(grounds.base, values), scatterAfter(grounds.habits, values)),
  };
}

function columnsAfter(base: readonly number[], values: readonly number[]): readonly ColumnExpectation[] {
  return USUAL_STEP.map((usual, column) =>
    columnOf(meanStep(usual, column, values), meanOffset(usual, column, values, base))
  );
}

function meanStep(usual: number, column: number, values: readonly number[]): number {
  let sum = TRUST * usual;
  let count = TRUST;
  for (let at = column + COLUMNS; at < values.length; at += COLUMNS) {
    const step = Math.abs((values[at] ?? 0) - (values[at - COLUMNS] ?? 0));
    if (Number.isNaN(step)) continue;
    sum += Math.min(step, MOST_STEPS * usual);
    count++;
  }
  return sum / count;
}

function meanOffset(
  usual: number,
  column: number,
  values: readonly number[],
  base: readonly number[],
): number | undefined {
  let sum = TRUST * usual;
  let count = TRUST;
  for (let at = column + COLUMNS; at < values.length; at += COLUMNS, count++) {
    sum += Math.abs((values[at] ?? 0) - (base[column] ?? 0));
  }
  return sum / count > PATTERN_REACH * usual ? undefined : sum / count;
}

/** W that power may be off voltage times current by: as is known of the board, or as the certain samples of the frame are. */
function scatterAfter({ power: { gain, scatter } }: Habits, values: readonly number[]): number {
  let worst = scatter;
  for (let row = COLUMNS; row + POWER < values.length; row += COLUMNS) {
    const power = values[row + POWER] ?? 0;
    const product = apparentPower(values.slice(row, row + POWER));
    if (power > 0) worst = Math.max(worst, excess(power - gain * product, values[row] ?? 0));
  }
  return worst;
}

/** Whether the inverter gave nothing in the sample above, in what the next value is of. */
function isIdle(values: readonly number[]): boolean {
  const column = values.length % COLUMNS;
  return values[values.length - COLUMNS] === 0 && values[values.length - column - COLUMNS + POWER] === 0 &&
    column > VOLTAGE && column < TEMPERATURE;
}

/** An inverter that gives nothing goes on giving nothing. */
function idleCost(column: number, value: number): number {
  if (value === 0) return 0;
  return (column === POWER ? COST.dawn : COST.currentAtDawn) + Math.log(1 + value / 4);
}

/** What does not fit together within one sample, or hardly happens. */
function physicalCost(
  { base, chained, quiet, habits }: Grounds,
  scatter: number,
  values: readonly number[],
  value: number,
): number {
  const at = values.length;
  const column = at % COLUMNS;
  const above = values[at - COLUMNS] ?? NaN;
  let cost = 0;
  if (column === POWER) cost += powerCost(habits, scatter, values, value, { chained, unseen: Number.isNaN(above) });
  const idleCurrents = column === SECOND_PV && values[at - 1] === 0 && (value !== 0 || values[at - 2] !== 0);
  if (idleCurrents) cost += COST.idleCurrent;
  const unquiet = quiet && column > VOLTAGE && column < TEMPERATURE && value !== above;
  if (unquiet && !isIdle(values)) cost += COST.unquiet;
  if (chained && !isIdle(values) && Math.abs(value - (base[column] ?? 0)) >= 64) cost += COST.leap;
  return cost;
}

function powerCost(
  { power: { gain } }: Habits,
  scatter: number,
  values: readonly number[],
  value: number,
  { chained, unseen }: { readonly chained: boolean; readonly unseen: boolean },
): number {
  const row = values.slice(values.length - POWER);
  if (value === 0) return row[CURRENT] === 0 && row[FIRST_PV] === 0 ? 0 : COST.idleCurrent;
  if (!chained && !unseen) return 0; // the samples before say more
  const { perWatt, most } = unseen ? MISFIT.first : MISFIT.chained;
  const off = excess(value - gain * apparentPower(row), row[VOLTAGE] ?? 0) - scatter;
  return Math.min(most, perWatt * Math.max(0, off));
}

function surpriseOf(
  { base: pattern, chained }: Grounds,
  expected: ColumnExpectation,
  values: readonly number[],
  value: number,
): number {
  const at = values.length;
  const column = at % COLUMNS;
  const base = pattern[column] ?? 0;
  const above = values[at - COLUMNS] ?? NaN;
  const unseen = Number.isNaN(above);
  const from = unseen ? base : above;
  const mixture = mixtureOf(expected, values, value, base);
  const farness = FAR[column] ?? 1;
  const far = 1 + Math.abs(value - from) / farness;
  const likely = (1 - WEIGHT.far) * mixture + WEIGHT.far / (2 * farness * far * far);
  const pull = pullOf(column, { chained, unseen }) * Math.log(1 + Math.abs(value - base) / (NEAR[column] ?? 1));
  const jumps = column === TEMPERATURE && (unseen || Math.abs(value - above) > TEMPERATURE_JUMP);
  return pull - Math.log(likely) + (jumps ? WARMTH * warmth(values[at - 2] ?? 0, value) : 0);
}

/** The likelihood of a value by the guesses that there are for it. */
function mixtureOf(expected: ColumnExpectation, values: readonly number[], value: number, base: number): number {
  const at = values.length;
  const column = at % COLUMNS;
  const above = values[at - COLUMNS] ?? NaN;
  const higher = values[at - 2 * COLUMNS] ?? NaN;
  const unseen = Number.isNaN(above);
  const spread = unseen ? FIRST[column] ?? expected.step : expected.step;
  let sum = WEIGHT.above * likelihood(value - (unseen ? base : above), spread);
  let weight = WEIGHT.above;
  if (!Number.isNaN(higher)) {
    const middle = column === TEMPERATURE ? WEIGHT.middleTemperature : WEIGHT.middle;
    sum += middle * likelihood(value - (above + higher) / 2, spread);
    weight += middle;
  }
  if (expected.offset !== undefined) {
    sum += WEIGHT.pattern * likelihood(value - base, expected.offset);
    weight += WEIGHT.pattern;
  }
  if (column === POWER) {
    sum += powerLikelihood(values, at, value, expected.power);
    weight += WEIGHT.power + (unseen ? 0 : WEIGHT.powerStep);
  }
  return sum / weight;
}

function pullOf(column: number, { chained, unseen }: { readonly chained: boolean; readonly unseen: boolean }): number {
  if (chained) return PATTERN_PULL.other;
  if (unseen) return PATTERN_PULL.first;
  return column === TEMPERATURE ? PATTERN_PULL.temperature : PATTERN_PULL.other;
}

/** Power is voltage times current (tenths of each, watts), or differs from that as it did one sample before. */
function powerLikelihood(values: readonly number[], at: number, value: number, spread: Spread): number {
  const power = (values[at - 3] ?? 0) * (values[at - 2] ?? 0) / 100;
  const above = values[at - COLUMNS] ?? NaN;
  const sum = WEIGHT.power * likelihood(value - power, spread);
  if (Number.isNaN(above)) return sum;
  const powerAbove = (values[at - COLUMNS - 3] ?? 0) * (values[at - COLUMNS - 2] ?? 0) / 100;
  return sum + WEIGHT.powerStep * likelihood(value - power - (above - powerAbove), spread);
}

function warmth(power: number, temperature: number): number {
  const off = Math.abs(temperature - IDLE_TEMPERATURE - TEMPERATURE_PER_WATT * power);
  return Math.log(1 + off / TEMPERATURE_SPREAD);
}
