import { type Outcome, refusal, success } from "../outcome.ts";
import type { Profile, Register } from "./register.ts";

/** Columns a sample has at most, scale factors included: what a sample block can hold. */
export const MAX_COLUMNS = 64;

/** Finding a register by any of its spellings, remembered per profile: the gateway asks for every upload. */
const indexes = new WeakMap<Profile, ReadonlyMap<string, Register>>();

/**
 * The register that people or boards call `name`, in any case; `undefined` when the profile has none.
 *
 * @example
 * ```ts
 * import { ecowatt } from "./ecowatt.ts";
 * lookup(ecowatt, "reg_vac1")?.name; // => "Vac1"
 * ```
 */
export function lookup(profile: Profile, name: string): Register | undefined {
  return indexOf(profile).get(name.toLowerCase());
}

/**
 * The registers to poll for `names`, each once, in order; what a point is worth nothing without (a scale factor,
 * its lower half) follows the first that needs it, so that what is stored can always be scaled later.
 *
 * @example
 * ```ts
 * import { profileById } from "./catalogue.ts";
 * import { ecowatt } from "./ecowatt.ts";
 * const columns = columnsOf(profileById("sunspec:103@40070/50") ?? ecowatt, ["103.W"]);
 * columns.ok && columns.value.map(({ name }) => name); // => ["103.W", "103.W_SF"]
 * ```
 */
export function columnsOf(
  profile: Profile,
  names: readonly string[],
): Outcome<readonly Register[], "unknown_register" | "too_many"> {
  const columns = new Map<string, Register>();
  for (const name of names) {
    const register = lookup(profile, name);
    if (!register) return refusal("unknown_register", `${profile.title} has no register ${name.slice(0, 64)}`);
    columns.set(register.name, register);
    for (const part of partsOf(register)) {
      const needed = lookup(profile, part);
      if (needed) columns.set(needed.name, needed);
    }
  }
  if (columns.size > MAX_COLUMNS) {
    return refusal("too_many", `${columns.size} columns with scale factors; a sample has at most ${MAX_COLUMNS}`);
  }
  return success([...columns.values()]);
}

/**
 * Those of some registers that are values by themselves: not the scale factors of others, nor parts of them.
 *
 * @example
 * ```ts
 * import { ecowatt } from "./ecowatt.ts";
 * shownOf(ecowatt.registers).length; // => 10
 * ```
 */
export function shownOf(registers: readonly Register[]): readonly Register[] {
  const factors = new Set(registers.map(({ scale }) => scale.kind === "exponent" ? scale.register : undefined));
  return registers.filter(({ name, part }) => part !== true && !factors.has(name));
}

/**
 * Names of the registers without whose raw values this one is worth nothing: a scale factor, its lower half, what tells its
 * direction. They are polled and stored with it.
 *
 * @example
 * ```ts
 * import { ecowatt } from "./ecowatt.ts";
 * const [voltage] = ecowatt.registers;
 * voltage && partsOf(voltage); // => []
 * ```
 */
export function partsOf({ scale, making }: Register): readonly string[] {
  if (making === undefined) return scale.kind === "exponent" ? [scale.register] : [];
  const parts = [making.low?.register, scale.kind === "exponent" ? scale.register : undefined];
  return [...parts, making.negativeWhen?.register].filter((part) => part !== undefined);
}

function indexOf(profile: Profile): ReadonlyMap<string, Register> {
  const known = indexes.get(profile);
  if (known) return known;
  const index = new Map<string, Register>();
  for (const register of profile.registers) {
    for (const spelling of [register.name, ...register.synonyms]) index.set(spelling.toLowerCase(), register);
  }
  indexes.set(profile, index);
  return index;
}
