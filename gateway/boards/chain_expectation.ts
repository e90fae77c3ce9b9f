import type { Expectation } from "./expectation.ts";
import { apparentPower, excess, type Habits } from "./habits.ts";
import { COLUMNS } from "./registers.ts";

/** Columns by position: VAC1 IAC1 IPV1 PAC IPV2 TEMP. */
const [VOLTAGE, CURRENT, FIRST_PV, POWER, SECOND_PV] = [0, 1, 2, 3, 4] as const;

/** Batches after which the habits of an inverter are known: five minutes. */
export const KNOWN_AFTER = 30;

/** How many readings are followed, and how much less likely (-log) than the best one. */
const WIDTH = 24;
const HOPELESS = 12;

/** Costs (-log of a likelihood) of what hardly happens. */
const COST = {
  /** A difference of 64 or more within one batch. */
  leap: 3,
  /** Power or current out of nothing, and back to it. */
  dawn: 16,
  currentAtDawn: [0, 8, 4],
  dusk: 4,
  /** Current without power. */
  idleCurrent: 6,
};

/** Costs for each W, or tenth of an ampere, that power and currents do not fit together by, and at most. */
const MISFIT = { perWatt: 0.35, power: 6, perTenth: 1.2, current: 6 };
/** Share and rest of a PV current that its ratio to the power may be off by. */
const RATIO_SLACK = { share: 0.06, tenths: 0.55 };

/** Observations that a habit is worth against those in the frame itself. */
const TRUST = 6;

/** What differs from frame to frame. */
interface Scales {
  readonly voltage: number;
  readonly power: number;
  readonly temperature: number;
}

/**
 * What to expect of a batch that builds on the sample before it, of an inverter whose habits are known: voltage and temperature
 * around their slow means, power on its way or as it was, the currents as they belong to the power. Nothing comes out of
 * nothing: an idle inverter stays idle unless the bytes prove otherwise.
 */
export function expectChain(habits: Habits): Expectation {
  const { voltage, power, temperature } = habits;
  return withScales(habits, { voltage: voltage.spread, power: power.step, temperature: temperature.spread });
}

function withScales(habits: Habits, scales: Scales): Expectation {
  return {
    width: WIDTH,
    hopeless: HOPELESS,
    surprise: (values, value) => {
      const column = values.length % COLUMNS;
      const leap = Math.abs(value - (values[column] ?? 0)) >= 64 ? COST.leap : 0;
      return leap + surpriseOf(habits, scales, values, value);
    },
    after: (values) => withScales(habits, scalesAfter(habits, values)),
  };
}

/** The habits' scales, and those of the samples whose values are certain. */
function scalesAfter({ voltage, power, temperature }: Habits, values: readonly number[]): Scales {
  const mean = (column: number, known: number, factor: number) => {
    let [sum, count] = [TRUST * known, TRUST];
    for (let at = column + COLUMNS; at < values.length; at += COLUMNS, count++) {
      sum += Math.min(factor * Math.abs((values[at] ?? 0) - (values[at - COLUMNS] ?? 0)), 8 * known);
    }
    return sum / count;
  };
  return {
    voltage: Math.max(0.4, mean(VOLTAGE, voltage.spread, 0.85)),
    power: Math.max(0.8, mean(POWER, power.step, 1)),
    temperature: Math.max(0.25, mean(5, temperature.spread, 1.2)),
  };
}

function surpriseOf(habits: Habits, scales: Scales, values: readonly number[], value: number): number {
  const column = values.length % COLUMNS;
  const above = values[values.length - COLUMNS] ?? 0;
  switch (column) {
    case VOLTAGE: {
      const mean = levelOf(habits.voltage.level ?? above, values, VOLTAGE, 0.08);
      return 0.6 * farness(value - mean, scales.voltage) + 0.4 * farness(value - above, scales.voltage);
    }
    case CURRENT:
    case FIRST_PV:
      return flickerCost(habits.flicker[column - 1], value - above) + outOfNothing(values, above, value, column);
    case POWER:
      return powerCost(habits, scales, values, value);
    case SECOND_PV:
      return flickerCost(habits.flicker[2], value - above) + currentsCost(habits, values, value);
    default: {
      const mean = levelOf(habits.temperature.level ?? above, values, column, 0.1);
      return 0.5 * farness(value - mean, scales.temperature) + 0.5 * farness(value - above, 0.3);
    }
  }
}

/** A distribution with the tails of Student's (five degrees). */
function farness(distance: number, spread: number): number {
  return 3 * Math.log(1 + distance * distance / (5 * spread * spread));
}

/** The slow mean after the values of a column so far. */
function levelOf(before: number, values: readonly number[], column: number, pace: number): number {
  let level = before;
  for (let at = COLUMNS + column; at < values.length; at += COLUMNS) level += pace * ((values[at] ?? 0) - level);
  return level;
}

function flickerCost(
  { still, jump }: Habits["flicker"][number] | undefined = { still: 0.8, jump: 1 },
  step: number,
): number {
  const distance = Math.abs(step);
  if (distance === 0) return -Math.log(still);
  return -Math.log((1 - still) / 2) + Math.log(jump) + 3 * Math.log(1 + (distance - 1) / jump);
}

/** A current where there was none, of an inverter that gave nothing. */
function outOfNothing(values: readonly number[], above: number, value: number, column: number): number {
  const wasIdle = above === 0 && values[values.length - column - COLUMNS + POWER] === 0;
  return wasIdle && value !== 0 ? COST.currentAtDawn[column] ?? 0 : 0;
}

function powerCost({ power }: Habits, scales: Scales, values: readonly number[], value: number): number {
  const at = values.length;
  const above = values[at - COLUMNS] ?? 0;
  const row = values.slice(at - POWER);
  if (value === 0) {
    const dusk = above === 0 ? 0 : COST.dusk + Math.log(1 + above / 4);
    return dusk + (row[CURRENT] === 0 ? 0 : COST.idleCurrent);
  }
  const over = excess(value - power.gain * apparentPower(row), row[VOLTAGE] ?? 0) - power.scatter;
  const misfit = Math.min(MISFIT.power, MISFIT.perWatt * Math.max(0, over));
  if (above === 0) return misfit + COST.dawn + Math.log(1 + value / 4);
  const steady = farness(value - above, Math.max(1, 0.7 * scales.power));
  const onItsWay = 0.2 + farness(value - above - slopeOf(power.slope, values), Math.max(0.8, 0.5 * scales.power));
  return misfit + Math.min(steady, onItsWay);
}

function slopeOf(before: number, values: readonly number[]): number {
  let slope = before;
  for (let at = COLUMNS + POWER; at < values.length; at += COLUMNS) {
    slope += 0.3 * ((values[at] ?? 0) - (values[at - COLUMNS] ?? 0) - slope);
  }
  return slope;
}

/** How badly both PV currents fit the power; `second` is the one behind `values`. */
function currentsCost({ currents }: Habits, values: readonly number[], second: number): number {
  const power = values[values.length - 1] ?? 0;
  const first = values[values.length - 2] ?? 0;
  if (power === 0) return first === 0 && second === 0 ? 0 : COST.idleCurrent;
  if (currents.perWatt === null) return 0;
  const misfit = (current: number, perWatt: number) => {
    const expected = perWatt * power;
    const off = Math.abs(current - expected) - RATIO_SLACK.tenths - RATIO_SLACK.share * expected;
    return Math.min(MISFIT.current, MISFIT.perTenth * Math.max(0, off));
  };
  return misfit(first, currents.perWatt[0]) + misfit(second, currents.perWatt[1]);
}
