import type { Quality } from "../../protocol/sample.ts";
import { type DictionaryFrame, MASKED_POSITIONS, popcount } from "./dictionary.ts";
import { type Expectation, expectFrom, expectUsual, surprise } from "./expectation.ts";
import { type Reading, worse } from "./reading.ts";
import { COLUMNS } from "./registers.ts";

/** How many readings of the bytes so far are followed. */
const BEAM = 32;

/** A reading that is this much less likely than the best one (-log) is not followed further. */
const HOPELESS = 8;

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
export function resolveByContinuity(frame: DictionaryFrame, base: Reading, before: Reading | undefined): Reading {
  const start = base.values.map((_, column) => before?.values[column] ?? NaN);
  let best: Path = { cost: 0, values: start, used: 0, differs: 0 };
  let paths = [best];
  let expectation = expectUsual(base.values);
  for (let position = 0; position < frame.count; position++) {
    if (position === MASKED_POSITIONS) expectation = expectFrom(base.values, best.values);
    paths = prune(paths.flatMap((path) => stepsOf(path, position, frame, expectation)));
    best = paths.reduce((least, path) => path.cost < least.cost ? path : least);
  }
  return { values: best.values.slice(COLUMNS), qualities: qualitiesOf(frame, best, base) };
}

/** The least surprising paths: at most BEAM, and none that is hopelessly behind the best. */
function prune(paths: Path[]): Path[] {
  const least = paths.reduce((cost, path) => Math.min(cost, path.cost), Infinity);
  const kept = paths.filter((path) => path.cost <= least + HOPELESS);
  return kept.length <= BEAM ? kept : kept.sort((a, b) => a.cost - b.cost).slice(0, BEAM);
}

/** The ways on from a path: no difference where that is possible, and each meaning of the next code. Always one at least. */
function stepsOf(path: Path, position: number, frame: DictionaryFrame, expectation: Expectation): Path[] {
  const pattern = expectation.base[position % COLUMNS] ?? 0;
  const { same, differs } = choices(frame, position, frame.codes.length - path.used);
  const steps = same ? [extend(path, pattern, -1, expectation)] : [];
  if (!differs) return steps;
  const code = frame.codes[path.used] ?? [];
  const possible = code.filter((difference) => pattern + difference >= 0);
  // No encoder writes a code whose every meaning is below 0, but noise does: registers are 16 bits.
  for (const difference of possible.length > 0 ? possible : code) {
    steps.push(extend(path, (pattern + difference) & 0xffff, position, expectation));
  }
  return steps;
}

function choices(frame: DictionaryFrame, position: number, codesLeft: number): { same: boolean; differs: boolean } {
  if (position < MASKED_POSITIONS) {
    const differs = (frame.mask >> position & 1) === 1;
    return { same: !differs, differs };
  }
  return { same: codesLeft < frame.count - position, differs: codesLeft > 0 };
}

/** The path one value further; `codeAt` is the position when a code was used, else -1. */
function extend(path: Path, value: number, codeAt: number, expectation: Expectation): Path {
  const cost = path.cost + surprise(expectation, path.values, value);
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
