import { COLUMNS } from "./registers.ts";

/**
 * What the next value of a column may be, given the values before it: a mixture of guesses, each a centre and a spread. The
 * figures are those of a small inverter in raw register units; they decide between readings of the same bytes and need not
 * be exact.
 */
export interface Expectation {
  readonly base: readonly number[];
  readonly columns: readonly ColumnExpectation[];
}

interface ColumnExpectation {
  /** Around the value above, and around the middle of the two values above. */
  readonly step: Spread;
  /** The same for what is 0 while the power is: an inverter that gives nothing goes on giving nothing. */
  readonly idle: Spread;
  /** Around the pattern; known once some values have been seen. */
  readonly offset: Spread | undefined;
  /** Around voltage times current. */
  readonly power: Spread;
}

/** Columns by position: VAC1 IAC1 IPV1 PAC IPV2 TEMP. */
const POWER = 3;
const TEMPERATURE = 5;

/** Mean step from one poll to the next, before anything is known of a board. */
const USUAL_STEP = [1.5, 0.8, 0.5, 10, 0.5, 0.25];
const FIRST_STEP = [15, 20, 15, 150, 15, 25];
const FAR = [30, 30, 20, 400, 20, 20];
const NEAR = [9, 6, 3, 45, 3, 9];

/** A longer step counts as this many usual ones. */
const MOST_STEPS = 10;

/** A pattern that the values are further from than this many usual steps tells nothing about the next one. */
const PATTERN_REACH = 10;

/** How many observations the usual step is worth. */
const TRUST = 2;

const WEIGHT = { above: 1, middle: 1, pattern: 0.5, power: 0.3, powerStep: 0.4, far: 0.05 };
const PATTERN_PULL = 0.3;

/** An inverter of 35 °C at no load is 5.8 °C warmer for each kW: a weak hint, and only while nothing better is known. */
const IDLE_TEMPERATURE = 350;
const TEMPERATURE_PER_WATT = 0.058;
const TEMPERATURE_SPREAD = 40;

/** Likelihoods by distance from a centre: a discrete Laplace distribution with a Cauchy tail, by its mean step. */
interface Spread {
  readonly table: readonly number[];
  readonly tail: number;
  readonly width: number;
}

/** Part of a spread that is in its tail. */
const TAIL = 0.3;

function spreadOf(meanStep: number): Spread {
  const ratio = (Math.sqrt(1 + meanStep * meanStep) - 1) / meanStep;
  const width = 2 * meanStep;
  const tail = TAIL / (Math.PI * width);
  const table: number[] = [];
  let laplace = (1 - TAIL) * (1 - ratio) / (1 + ratio);
  // The table ends where only the tail counts.
  for (let distance = 0; laplace > tail / 1000; distance++, laplace *= ratio) {
    table.push(laplace + tail / (1 + (distance / width) ** 2));
  }
  return { table, tail, width };
}

function likelihood(difference: number, { table, tail, width }: Spread): number {
  const distance = Math.round(Math.abs(difference));
  return table[distance] ?? tail / (1 + (distance / width) ** 2);
}

const FIRST = FIRST_STEP.map(spreadOf);

function columnOf(step: number, offset: number | undefined): ColumnExpectation {
  return {
    step: spreadOf(step),
    idle: spreadOf(step / 5),
    power: spreadOf(2 * step),
    offset: offset === undefined ? undefined : spreadOf(offset),
  };
}

const UNLEARNED = USUAL_STEP.map((usual) => columnOf(usual, undefined));

/** What to expect of a frame of which nothing is known yet. */
export function expectUsual(base: readonly number[]): Expectation {
  return { base, columns: UNLEARNED };
}

/** What to expect after `values`: the sample before the frame (NaN where unknown), then the values of the frame so far. */
export function expectFrom(base: readonly number[], values: readonly number[]): Expectation {
  const columns = USUAL_STEP.map((usual, column) =>
    columnOf(meanStep(usual, column, values), meanOffset(usual, column, values, base))
  );
  return { base, columns };
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

/** How surprising `value` is behind `values` (whole rows from a first one on, NaN: unknown), as a cost: -log of its likelihood. */
export function surprise(expectation: Expectation, values: readonly number[], value: number): number {
  const at = values.length;
  const column = at % COLUMNS;
  const expected = expectation.columns[column];
  const base = expectation.base[column] ?? 0;
  const first = FIRST[column];
  if (expected === undefined || first === undefined) return 0;
  const above = values[at - COLUMNS] ?? NaN;
  const unseen = Number.isNaN(above);
  const from = unseen ? base : above;
  const isIdle = above === 0 && values[at - column - COLUMNS + POWER] === 0 && column > 0 && column < TEMPERATURE;
  const spread = unseen ? first : isIdle ? expected.idle : expected.step;
  let sum = WEIGHT.above * likelihood(value - from, spread);
  let weight = WEIGHT.above;
  const higher = values[at - 2 * COLUMNS] ?? NaN;
  if (!Number.isNaN(higher)) {
    sum += WEIGHT.middle * likelihood(value - (above + higher) / 2, spread);
    weight += WEIGHT.middle;
  }
  if (expected.offset !== undefined && !isIdle) {
    sum += WEIGHT.pattern * likelihood(value - base, expected.offset);
    weight += WEIGHT.pattern;
  }
  if (column === POWER && !isIdle) {
    sum += powerLikelihood(values, at, value, expected.power);
    weight += WEIGHT.power + (unseen ? 0 : WEIGHT.powerStep);
  }
  const farness = FAR[column] ?? 1;
  const far = 1 + Math.abs(value - from) / farness;
  const likely = (1 - WEIGHT.far) * sum / weight + WEIGHT.far / (2 * farness * far * far);
  const pull = PATTERN_PULL * Math.log(1 + Math.abs(value - base) / (NEAR[column] ?? 1));
  return pull - Math.log(likely) + (unseen && column === TEMPERATURE ? warmth(values[at - 2] ?? 0, value) : 0);
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
