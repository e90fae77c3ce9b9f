import type { FrameFault } from "./raw.ts";
import { type Habits, learn, NEW_HABITS } from "./habits.ts";
import { type Reading, readingOf, sliceReading } from "./reading.ts";
import { COLUMNS } from "./registers.ts";
import type { TemporalPast } from "./temporal.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";

/**
 * What the encoder of a board remembers between its calls, as its decoder has to (contract/2-boards §4.1, §4.5). Plain
 * JSON.
 */
export interface EncoderMemory {
  /** A batch has been encoded since boot: ids copied into a too small array have overwritten parts of the dictionary. */
  readonly overwritten: boolean;
  /**
   * Patterns that follow the fixed ones. Behind a batch it is that batch's last sample: the board may have refrained from
   * learning it (it was near a fixed pattern), but then no frame refers to it.
   */
  readonly learned: readonly Reading[];
  /** The last sample of the preceding call, where it is known. */
  readonly last: Reading | null;
  /** Last value of each register after each of the last eight calls; `null`: nothing yet. */
  readonly ring: readonly (Reading | null)[];
  readonly ringIndex: number;
  readonly ringFull: boolean;
  /** Register ids of the preceding call. */
  readonly ids: readonly number[];
  /** Batches in a row in which a power that is small, and only estimated, has not moved at all. */
  readonly stillFor: number;
  /** Of the inverter; they outlive the encoder. */
  readonly habits: Habits;
}

/** An encoder after boot. */
export const FRESH_ENCODER: EncoderMemory = {
  overwritten: false,
  learned: [],
  last: null,
  ring: new Array<null>(8).fill(null),
  ringIndex: 0,
  ringFull: false,
  ids: [],
  stillFor: 0,
  habits: NEW_HABITS,
};

/** An encoder after boot, of a board whose inverter is known. */
export function freshEncoder(habits: Habits): EncoderMemory {
  return { ...FRESH_ENCODER, habits };
}

const REGISTERS = 10;
const MOST_PATTERNS = 15;

/** Calls of more values than this overflow the array of ids. */
const BATCH_VALUES = 30;

/** Built-in patterns, columns VAC1 IAC1 IPV1 PAC IPV2 TEMP. */
const BUILT_IN: readonly (readonly number[])[] = [
  [2400, 170, 70, 4200, 65, 550],
  [2380, 100, 30, 2500, 25, 520],
  [2450, 200, 90, 5200, 85, 580],
  [2430, 165, 70, 4150, 65, 545],
];

/** Pattern 0 with the register ids over its VAC1 and IAC1, and the zeros behind pattern 3. */
const OVERWRITTEN: readonly (readonly number[])[] = [
  [256, 2309, 70, 4200, 65, 550],
  ...BUILT_IN.slice(1),
  [0, 0, 0, 0, 0, 0],
];

/** The fixed patterns of a board that has, or has not, encoded a batch since boot. */
function fixedPatterns(memory: EncoderMemory): readonly (readonly number[])[] {
  return memory.overwritten ? OVERWRITTEN : BUILT_IN;
}

/** What a dictionary frame refers to. */
interface Pattern {
  /** Six values. */
  readonly base: Reading;
  /** They are those of the sample before the frame. */
  readonly chained: boolean;
}

/** What a dictionary frame of this index refers to. */
export function patternOf(memory: EncoderMemory, index: number): Outcome<Pattern, FrameFault> {
  const fixed = fixedPatterns(memory);
  const values = fixed[index];
  if (values !== undefined) return success({ base: readingOf(values, "exact"), chained: false });
  if (index >= MOST_PATTERNS) return refusal("field", `pattern ${index}, at most ${MOST_PATTERNS} exist`);
  const learned = memory.learned[index - fixed.length];
  if (!learned) return refusal("missing_base", `pattern ${index} was learned from a batch that is missing`);
  return success({
    base: learned,
    chained: learned.values.every((value, column) => value === memory.last?.values[column]),
  });
}

/** The encoder after it has been called with these values, one register id each. */
export function remember(memory: EncoderMemory, reading: Reading, ids: readonly number[]): EncoderMemory {
  const isBatch = reading.values.length >= BATCH_VALUES;
  const overwritten = memory.overwritten || isBatch;
  const told = sliceReading(reading, reading.values.length - COLUMNS);
  const stillFor = isBatch && isStill(memory, reading) ? memory.stillFor + 1 : 0;
  const last = stillFor >= IDLE_AFTER ? idle(told) : told;
  const ring = memory.ring.with(memory.ringIndex, lastByRegister(reading, ids));
  const next = (memory.ringIndex + 1) % ring.length;
  return {
    overwritten,
    learned: isBatch ? [last] : withPattern(memory, reading.values, last),
    last,
    ring,
    ringIndex: isBatch ? 0 : next,
    ringFull: memory.ringFull || isBatch || next === 0,
    ids,
    stillFor: last === told ? stillFor : 0,
    habits: isBatch ? learn(memory.habits, memory.last, reading) : memory.habits,
  };
}

/** Batches without any movement after which a small power is none. */
const IDLE_AFTER = 4;
/** W that an estimate may be wrong by at nightfall. */
const SMALL_POWER = 120;
const POWER = 3;

/** Whether an estimated, small power and its currents are in all of the batch what they were before it. */
function isStill({ last }: EncoderMemory, { values, qualities }: Reading): boolean {
  const power = last?.values[POWER] ?? 0;
  if (last === null || power === 0 || power > SMALL_POWER || qualities.every((quality) => quality === "exact")) {
    return false;
  }
  return values.every((value, position) => !isOfPower(position % COLUMNS) || value === last.values[position % COLUMNS]);
}

/** An inverter whose power does not move at all gives none: what is left is what the estimates were wrong by. */
function idle({ values, qualities }: Reading): Reading {
  return { values: values.map((value, column) => isOfPower(column) ? 0 : value), qualities };
}

/** IAC1, IPV1, PAC and IPV2; not the voltage, nor the temperature. */
function isOfPower(column: number): boolean {
  return column > 0 && column < COLUMNS - 1;
}

/** The patterns after a call of a single sample. What the values are near to was decoded exactly, or nothing refers to it. */
function withPattern(memory: EncoderMemory, values: readonly number[], last: Reading): readonly Reading[] {
  const full = fixedPatterns(memory).length + memory.learned.length >= MOST_PATTERNS;
  return full || isNearAny(memory, values) ? memory.learned : [...memory.learned, last];
}

/**
 * The encoder after calls whose values are not known: what it learned then is not known either. Until something that stands
 * for itself comes, differences are taken from the last sample that is known.
 */
export function forget(memory: EncoderMemory): EncoderMemory {
  const last = memory.last && readingOf(memory.last.values, "provisional");
  return { ...freshEncoder(memory.habits), overwritten: true, last, learned: last === null ? [] : [last] };
}

/** What a `71` frame refers to; a register that the ring does not have reads as 0, as on the board. */
export function temporalPast(memory: EncoderMemory): Outcome<TemporalPast, FrameFault> {
  if (!memory.ringFull) return refusal("missing_base", "the calls before this one are not known");
  const row = (back: number) =>
    memory.ring[(memory.ringIndex + memory.ring.length - back) % memory.ring.length] ?? EMPTY;
  return success({ ids: memory.ids, newest: row(1), older: row(2) });
}

const EMPTY: Reading = readingOf(new Array<number>(REGISTERS).fill(0), "exact");

/** The encoder's measure of nearness: mean difference below 200. */
function isNear(distanceSum: number, count: number): boolean {
  return Math.floor(distanceSum / count) < 200;
}

/** Sum of the differences of values from a pattern of six columns. */
function distance(values: readonly number[], pattern: readonly number[]): number {
  return values.reduce((sum, value, position) => sum + Math.abs(value - (pattern[position % COLUMNS] ?? 0)), 0);
}

function isNearAny(memory: EncoderMemory, values: readonly number[]): boolean {
  const patterns = [...fixedPatterns(memory), ...memory.learned.map((pattern) => pattern.values)];
  return patterns.some((pattern) => isNear(distance(values, pattern), values.length));
}

function lastByRegister(reading: Reading, ids: readonly number[]): Reading {
  const values = [...EMPTY.values];
  const qualities = [...EMPTY.qualities];
  for (const [i, id] of ids.entries()) {
    values[id] = reading.values[i] ?? 0;
    qualities[id] = reading.qualities[i] ?? "exact";
  }
  return { values, qualities };
}
