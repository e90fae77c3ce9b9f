import { type Block, blockKey } from "./read_plan.ts";
import { type RegisterKey, registerKey } from "./register_reader.ts";

/** Silences in a row after which a block is split, if nothing else answered, and if something did. */
const ALONE = 3, AMONG_ANSWERS = 2;
/** So long after a silence of its own making a unit that answers again has not been away, milliseconds. */
const OWN_MS = 180_000;

/** What is to be done about a block that was not answered. */
type Advice = "wait" | "split" | "leave out";

/**
 * Remembers which blocks are not answered. A register that never answers takes its whole block, and for a while its whole
 * unit, with it: what is suspected is asked last, and split until it stands alone while others answer.
 */
export class Silences {
  readonly #counts = new Map<string, number>();
  /** Registers of blocks that were split: one of them does not answer. */
  readonly #suspects = new Set<RegisterKey>();
  #ownAt = -Infinity;

  /** Those that were answered last time first. */
  order(blocks: readonly Block[]): readonly Block[] {
    if (this.#counts.size === 0) return blocks;
    return blocks.toSorted((a, b) => this.#countOf(a) - this.#countOf(b));
  }

  /** Whether the register that does not answer is one of these. */
  suspects({ spans }: Block): boolean {
    return this.#suspects.size > 0 &&
      spans.every(({ table, address }) => this.#suspects.has(registerKey(table, address)));
  }

  answered(block: Block): void {
    this.#counts.delete(blockKey(block));
    for (const { table, address } of block.spans) this.#suspects.delete(registerKey(table, address));
  }

  /** A block was not answered, at `now` (monotonic ms). `alive`: others were, just before. `known`: it was left out before. */
  silent(block: Block, { alive, known, now }: { alive: boolean; known: boolean; now: number }): Advice {
    const count = this.#countOf(block) + 1;
    this.#counts.set(blockKey(block), count);
    if (alive) this.#ownAt = now;
    if (!known && count < (alive ? AMONG_ANSWERS : ALONE)) return "wait";
    if (block.spans.length > 1) {
      this.#counts.delete(blockKey(block));
      for (const { table, address } of block.spans) this.#suspects.add(registerKey(table, address));
      return "split";
    }
    return alive ? "leave out" : "wait";
  }

  /** Whether a unit that answers again at `now` was silent only because of what it was asked. */
  explains(now: number): boolean {
    return now - this.#ownAt < OWN_MS;
  }

  forget(): void {
    this.#counts.clear();
    this.#suspects.clear();
  }

  #countOf(block: Block): number {
    return this.#counts.get(blockKey(block)) ?? 0;
  }
}
