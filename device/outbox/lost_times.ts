import type { StoredBlock } from "./block_table.ts";

/** No sample is older than this program: what says so was dated by a clock that nobody had set. Unix milliseconds. */
export const EARLIEST_MS = Date.UTC(2026, 0, 1);
/** Blocks that end so much sooner than the ones before are of another start of the machine: its clock began anew. */
const ANEW_MS = 60_000;

/**
 * By how many milliseconds to move blocks, oldest first, that were dated by a clock that began anew with every start of the
 * machine and was never set: nothing tells how long the machine was off, so each start is taken to have followed at once, the
 * last of them at `end` (unix milliseconds). The order and the distances within a start are kept.
 */
export function movesOf(
  blocks: readonly Pick<StoredBlock, "id" | "startMs" | "endMs">[],
  end: number,
): ReadonlyMap<number, number> {
  const moves = new Map<number, number>();
  let boundary = end;
  for (const start of starts(blocks).toReversed()) {
    const ms = boundary - Math.max(...start.map(({ endMs }) => endMs));
    for (const { id } of start) moves.set(id, ms);
    boundary = ms + Math.min(...start.map(({ startMs }) => startMs));
  }
  return moves;
}

type Span = Pick<StoredBlock, "id" | "startMs" | "endMs">;

function starts(blocks: readonly Span[]): readonly (readonly Span[])[] {
  const groups: Span[][] = [];
  let latest = Infinity;
  for (const block of blocks) {
    if (block.endMs + ANEW_MS < latest) groups.push([]), latest = block.endMs;
    groups.at(-1)?.push(block);
    latest = Math.max(latest, block.endMs);
  }
  return groups;
}
