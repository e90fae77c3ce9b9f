import { type Block, blockKey } from "./read_plan.ts";

/** Polls in a row after which the register is looked for that makes a device refuse a block. */
const POLLS = 2;

interface Doubt {
  /** Refusals in a row. */
  readonly times: number;
  /** Refusals from which on the next one is looked into. */
  readonly searchFrom: number;
}

/**
 * Remembers which blocks a device fails to give, with exceptions that may mean a register or the whole device: 04, 07, 08
 * and those that nobody knows. One register can be the cause for ever, so a block that is refused several times in a row
 * is searched; when nothing of it is given then, it is the device, and searched again much later.
 */
export class DoubtfulBlocks {
  readonly #doubts = new Map<string, Doubt>();

  /** Whether it was refused the last time. */
  has(block: Block): boolean {
    return this.#doubts.has(blockKey(block));
  }

  /** Whether to look for the register that is the cause, if the block is refused now. */
  searches(block: Block): boolean {
    const doubt = this.#doubts.get(blockKey(block));
    return doubt !== undefined && doubt.times >= doubt.searchFrom;
  }

  /** The block was refused, or nothing of it was given. */
  refused(block: Block): void {
    const { times, searchFrom } = this.#doubts.get(blockKey(block)) ?? { times: 0, searchFrom: POLLS };
    const searched = times >= searchFrom;
    this.#doubts.set(blockKey(block), { times: times + 1, searchFrom: searched ? 2 * searchFrom : searchFrom });
  }

  answered(block: Block): void {
    this.#doubts.delete(blockKey(block));
  }
}
