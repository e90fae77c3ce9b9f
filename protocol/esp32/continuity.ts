import { type Code, type DictionaryFrame, MASKED_POSITIONS, popcount } from "./dictionary.ts";
import type { EncoderMemory } from "./encoder_memory.ts";
import { type Reading, worse } from "./reading.ts";
import { COLUMNS } from "./registers.ts";
import type { Quality } from "../sample.ts";
import { stepCost } from "./step_cost.ts";

/** How many readings of the bytes so far are followed. */
const BEAM = 48;

/** One reading of the bytes up to some position. */
interface Path {
  readonly cost: number;
  /** Codes used. */
  readonly used: number;
  readonly value: number;
  readonly before: Path | undefined;
}

export function resolveByContinuity(frame: DictionaryFrame, base: Reading, memory: EncoderMemory): Reading {
  const spare = frame.codes.length - popcount(frame.mask);
  const open = Math.max(0, frame.count - MASKED_POSITIONS);
  const sure = spare === 0 || spare === open;
  let paths: Path[] = [{ cost: 0, used: 0, value: 0, before: undefined }];
  const previous = memory.last;
  for (let p = 0; p < frame.count; p++) {
    const next: Path[] = [];
    const left = frame.count - p - 1;
    for (const path of paths) {
      const codesLeft = frame.codes.length - path.used;
      const masked = p < MASKED_POSITIONS;
      const mayBeZero = masked ? (frame.mask >> p & 1) === 0 : codesLeft <= left;
      const mayDiffer = masked ? (frame.mask >> p & 1) === 1 : codesLeft > 0;
      const b = base.values[p % COLUMNS] ?? 0;
      if (mayBeZero) push(next, path, p, b, path.used, previous);
      if (mayDiffer) {
        for (const delta of frame.codes[path.used] ?? []) {
          const value = b + delta;
          if (value >= 0 && value <= 0xffff) push(next, path, p, value, path.used + 1, previous);
        }
      }
    }
    next.sort((a, b) => a.cost - b.cost);
    paths = next.slice(0, BEAM);
  }
  let best = paths[0];
  const values: number[] = new Array<number>(frame.count).fill(0);
  const uses: number[] = [];
  for (let p = frame.count - 1; p >= 0 && best; p--) {
    values[p] = best.value;
    uses[p] = best.used;
    best = best.before;
  }
  const qualities: Quality[] = values.map((_, p) => {
    const used = uses[p] ?? 0;
    const before = p === 0 ? 0 : uses[p - 1] ?? 0;
    const code: Code | undefined = used > before ? frame.codes[before] : undefined;
    const here: Quality = (p < MASKED_POSITIONS || sure) && (code === undefined || code.length === 1)
      ? "exact"
      : "estimated";
    return worse(here, base.qualities[p % COLUMNS] ?? "exact");
  });
  return { values, qualities };
}

function push(next: Path[], path: Path, p: number, value: number, used: number, previous: Reading | null): void {
  const row: number[] = [value];
  let node: Path | undefined = path;
  for (let i = 0; i < COLUMNS && node; i++, node = node.before) row.push(node.value);
  const before = p >= COLUMNS ? row[COLUMNS] : previous?.values[p];
  next.push({ cost: path.cost + stepCost(p % COLUMNS, value, before, row), used, value, before: path });
}
