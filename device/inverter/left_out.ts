import type { RegisterKey } from "./register_reader.ts";

/** Registers that an inverter does not answer, with the exception code of the refusal; 0: no answer at all. */
export type LeftOut = ReadonlyMap<RegisterKey, number>;

/** Remembers them over a restart, by the map (profile id) they belong to. */
export interface LeftOutMemory {
  load(profile: string): LeftOut;
  /** In the place of what was known, also of another map. Never throws: what is not kept is learned again. */
  keep(profile: string, leftOut: LeftOut): void;
}

export function sameLeftOut(one: LeftOut, other: LeftOut): boolean {
  return one.size === other.size && [...one].every(([register, code]) => other.get(register) === code);
}
