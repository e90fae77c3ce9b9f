import type { Quality } from "../../protocol/sample.ts";
import { type DictionaryFrame, MASKED_POSITIONS, popcount } from "./dictionary.ts";
import { type Expectation, expectUsual } from "./expectation.ts";
import type { Habits } from "./habits.ts";
import { type Reading, worse } from "./reading.ts";
import { COLUMNS } from "./registers.ts";
import { expectChain, KNOWN_AFTER } from "./chain_expectation.ts";

/** What a frame is read by, beside its bytes. */
interface Context {
  /** The pattern that it refers to. */
  readonly base: Reading;
  /** The sample before it, where that is known. */
  readonly before: Reading | undefined;
  /** The pattern is that sample. */
  readonly chained: boolean;
  readonly habits: Habits;
}

/** One way to read the bytes up to some position. */
interface Path {
  readonly cost: number;
  /** The sample before the frame (NaN: not known), then the values so far. */
  readonly values: readonly number[];
  /** How many codes are used, and bit p for each position that used one. */
  readonly used: number;
  readonly differs: number;
}

/**
 * The likeliest values of a dictionary frame, whose bytes leave open which of the positions from 16 on have a code, and what
 * codes above 63 mean: the path through all positions that surprises least, given the pattern it refers to and the last
 * sample before it. What is open is marked `estimated`, what is not is worth what its pattern is worth.
 */
export function resolveByContinuity(frame: DictionaryFrame, context: Context): Reading {
  const { base, before } = context;
  const start = base.values.map((_, column) => before?.values[column] ?? NaN);
  let best: Path = { cost: 0, values: start, used: 0, differs: 0 };
  let paths = [best];
  let expectation = expectationOf(frame, context);
  for (let position = 0; position < frame.count; position++) {
    if (position === MASKED_POSITIONS) expectation = expectation.after(best.values);
    paths = prune(paths.flatMap((path) => stepsOf(path, position, frame, { base, expectation })), expectation);
    best = paths.reduce((least, path) => path.cost < least.cost ? path : least);
  }
  return { values: best.values.slice(COLUMNS), qualities: qualitiesOf(frame, best, base) };
}

/** A chain is followed by the habits of its inverter once these are known. */
function expectationOf({ mask }: DictionaryFrame, { base, chained, habits }: Context): Expectation {
  if (chained && habits.batches >= KNOWN_AFTER) return expectChain(habits);
  return expectUsual({ base: base.values, chained, quiet: chained && isQuiet(mask), habits });
}

/** Whether no difference of power or a current has a bit in the mask. */
function isQuiet(mask: number): boolean {
  return (mask & MOVING) === 0;
}

/** The positions of the mask at which power and currents stand. */
const MOVING = Array.from({ length: MASKED_POSITIONS }, (_, position) => position)
  .filter((position) => position % COLUMNS > 0 && position % COLUMNS < COLUMNS - 1)
  .reduce((mask, position) => mask | (1 << position), 0);

/** The least surprising paths: only so many, and none that is hopelessly behind the best. */
function prune(paths: Path[], { width, hopeless }: Expectation): Path[] {
  const least = paths.reduce((cost, path) => Math.min(cost, path.cost), Infinity);
  const kept = paths.filter((path) => path.cost <= least + hopeless);
  return kept.length <= width ? kept : kept.sort((a, b) => a.cost - b.cost).slice(0, width);
}

/** What a step along a path goes by. */
interface Footing {
  readonly base: Reading;
  readonly expectation: Expectation;
}

/** The ways on from a path: no difference where that is possible, and each meaning of the next code. Always one at least. */
function stepsOf(path: Path, position: number, frame: DictionaryFrame, { base, expectation }: Footing): Path[] {
  const column = position % COLUMNS;
  const pattern = base.values[column] ?? 0;
  const { same, differs } = choices(frame, position, frame.codes.length - path.used);
  const steps = same ? [extend(path, pattern, -1, expectation)] : [];
  if (!differs) return steps;
  for (const difference of frame.codes[path.used] ?? []) {
    const value = pattern + difference;
    // Registers are 16 bits: below 0 is a large value, or, where the pattern is an estimate, an estimate that was too low.
    const isTooLow = value < 0 && base.qualities[column] !== "exact";
    const step = extend(path, isTooLow ? 0 : value & 0xffff, position, expectation);
    steps.push(value < 0 ? { ...step, cost: step.cost + BELOW_ZERO } : step);
  }
  return steps;
}

/** What a difference costs that leads below 0 (-log of a likelihood). */
const BELOW_ZERO = 8;

function choices(frame: DictionaryFrame, position: number, codesLeft: number): { same: boolean; differs: boolean } {
  if (position < MASKED_POSITIONS) {
    const differs = (frame.mask >> position & 1) === 1;
    return { same: !differs, differs };
  }
  return { same: codesLeft < frame.count - position, differs: codesLeft > 0 };
}

/** The path one value further; `codeAt` is the position when a code was used, else -1. */
function extend(path: Path, value: number, codeAt: number, expectation: Expectation): Path {
  const cost = path.cost + expectation.surprise(path.values, value);
  const values = path.values.slice();
  values.push(value);
  if (codeAt < 0) return { cost, values, used: path.used, differs: path.differs };
  return { cost, values, used: path.used + 1, differs: path.differs | (1 << codeAt) };
}

function qualitiesOf(frame: DictionaryFrame, path: Path, base: Reading): readonly Quality[] {
  const open = Math.max(0, frame.count - MASKED_POSITIONS);
  const unmasked = frame.codes.length - popcount(frame.mask);
  const placed = unmasked === 0 || unmasked === open;
  let used = 0;
  return Array.from({ length: frame.count }, (_, position) => {
    const differs = (path.differs >> position & 1) === 1;
    const plain = !differs || frame.codes[used++]?.length === 1;
    const sure = plain && (placed || position < MASKED_POSITIONS);
    return worse(sure ? "exact" : "estimated", base.qualities[position % COLUMNS] ?? "exact");
  });
}
