import type { Quality } from "../sample.ts";
import { type DictionaryFrame, MASKED_POSITIONS, popcount } from "./dictionary.ts";
import { expect, type Expectation, surprise } from "./expectation.ts";
import { type Reading, worse } from "./reading.ts";
import { COLUMNS } from "./registers.ts";

/** How many readings of the bytes so far are followed. */
const BEAM = 32;

/** One way to read the bytes up to some position. */
interface Path {
  readonly cost: number;
  /** The sample before the frame (NaN: not known), then the values so far. */
  readonly values: Float64Array;
  /** How many codes were used after each position. */
  readonly used: Uint8Array;
}

/** A path one position further. */
interface Step {
  readonly cost: number;
  readonly path: Path;
  readonly value: number;
  readonly used: number;
}

/**
 * The likeliest values of a dictionary frame, whose bytes leave open which of the positions from 16 on have a code, and what
 * codes above 63 mean: the path through all positions that surprises least, given the pattern it refers to and the last
 * sample before it. What is open is marked `estimated`, what is not is worth what its pattern is worth.
 */
export function resolveByContinuity(frame: DictionaryFrame, base: Reading, before: Reading | undefined): Reading {
  let paths = [startPath(frame, before)];
  let expectation = expect(base.values, paths[0]?.values.subarray(0, COLUMNS) ?? new Float64Array());
  for (let position = 0; position < frame.count; position++) {
    if (position === MASKED_POSITIONS) {
      expectation = expect(base.values, paths[0]?.values.subarray(0, COLUMNS + position) ?? new Float64Array());
    }
    const steps = paths.flatMap((path) => stepsOf(path, position, frame, base.values, expectation));
    if (steps.length > BEAM) steps.sort((a, b) => a.cost - b.cost).length = BEAM;
    paths = steps.map((step) => extend(step, position, steps.length === 1));
  }
  const best = paths.reduce(
    (least, path) => path.cost < least.cost ? path : least,
    paths[0] ?? startPath(frame, before),
  );
  return { values: Array.from(best.values.subarray(COLUMNS)), qualities: qualitiesOf(frame, best, base) };
}

function startPath(frame: DictionaryFrame, before: Reading | undefined): Path {
  const values = new Float64Array(COLUMNS + frame.count);
  for (let column = 0; column < COLUMNS; column++) values[column] = before?.values[column] ?? NaN;
  return { cost: 0, values, used: new Uint8Array(frame.count) };
}

/** The ways on from a path: no difference where that is possible, and each meaning of the next code. */
function stepsOf(
  path: Path,
  position: number,
  frame: DictionaryFrame,
  base: readonly number[],
  expectation: Expectation,
): Step[] {
  const used = position === 0 ? 0 : path.used[position - 1] ?? 0;
  const pattern = base[position % COLUMNS] ?? 0;
  const steps: Step[] = [];
  const add = (value: number, codes: number) => {
    const cost = path.cost + surprise(expectation, path.values, COLUMNS + position, value);
    steps.push({ cost, path, value, used: codes });
  };
  const { same, differs } = choices(frame, position, frame.codes.length - used);
  if (same) add(pattern, used);
  const code = differs ? frame.codes[used] ?? [] : [];
  for (const difference of code) if (pattern + difference >= 0) add(pattern + difference, used + 1);
  // No encoder writes a code whose every meaning is below 0, but noise does: registers are 16 bits.
  if (steps.length === 0) add((pattern + (code[0] ?? 0)) & 0xffff, used + (differs ? 1 : 0));
  return steps;
}

function choices(frame: DictionaryFrame, position: number, codesLeft: number): { same: boolean; differs: boolean } {
  if (position < MASKED_POSITIONS) {
    const differs = (frame.mask >> position & 1) === 1;
    return { same: !differs, differs };
  }
  return { same: codesLeft < frame.count - position, differs: codesLeft > 0 };
}

/** Takes a step. A path that nobody else goes on from is extended in place. */
function extend({ cost, path, value, used }: Step, position: number, alone: boolean): Path {
  const next = alone ? { ...path, cost } : { cost, values: path.values.slice(), used: path.used.slice() };
  next.values[COLUMNS + position] = value;
  next.used[position] = used;
  return next;
}

function qualitiesOf(frame: DictionaryFrame, path: Path, base: Reading): readonly Quality[] {
  const open = Math.max(0, frame.count - MASKED_POSITIONS);
  const unmasked = frame.codes.length - popcount(frame.mask);
  const placed = unmasked === 0 || unmasked === open;
  return Array.from({ length: frame.count }, (_, position) => {
    const before = position === 0 ? 0 : path.used[position - 1] ?? 0;
    const plain = path.used[position] === before || frame.codes[before]?.length === 1;
    const sure = plain && (placed || position < MASKED_POSITIONS);
    return worse(sure ? "exact" : "estimated", base.qualities[position % COLUMNS] ?? "exact");
  });
}
