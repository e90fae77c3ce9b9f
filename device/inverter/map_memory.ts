import type { RegisterKey } from "./register_reader.ts";

/** What was learned of a map. */
export interface Learned {
  /** Registers that the inverter does not answer, with the exception code of the refusal; 0: no answer at all. */
  readonly leftOut: ReadonlyMap<RegisterKey, number>;
  /** Registers that it has answered once, also those that it does not answer at present. */
  readonly answered: ReadonlySet<RegisterKey>;
}

export const nothingLearned: Learned = { leftOut: new Map(), answered: new Set() };

/** Remembers that over a restart, by the map (profile id) it belongs to. */
export interface MapMemory {
  load(profile: string): Learned;
  /** In the place of what was known, also of another map. Never throws: what is not kept is learned again. */
  keep(profile: string, learned: Learned): void;
}

export function sameLearned(one: Learned, other: Learned): boolean {
  return one.answered.size === other.answered.size && one.leftOut.size === other.leftOut.size &&
    [...one.leftOut].every(([register, code]) => other.leftOut.get(register) === code) &&
    [...one.answered].every((register) => other.answered.has(register));
}
