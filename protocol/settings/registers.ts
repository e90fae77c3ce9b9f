import { lookup } from "../profile/lookup.ts";
import type { Profile } from "../profile/register.ts";
import type { SettingsValues } from "./settings.ts";

/**
 * The registers of a list that this inverter has, by their profile's names, each once, in order.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * registersFor(ecowatt, ["REG_PAC", "Pac", "103.W"]); // => ["Pac"]
 * ```
 */
export function registersFor(profile: Profile, names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => lookup(profile, name)?.name).filter((name) => name !== undefined))];
}

/**
 * The profile's name for what people call `name`; as it is when no profile has it.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * canonicalName([ecowatt], "REG_PAC"); // => "Pac"
 * canonicalName([ecowatt], "103.W"); // => "103.W"
 * ```
 */
export function canonicalName(profiles: readonly Profile[], name: string): string {
  for (const profile of profiles) {
    const register = lookup(profile, name);
    if (register) return register.name;
  }
  return name;
}

/**
 * Settings with the profiles' spelling of register names: what is stored, compared and sent.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * canonical({ registers: ["reg_pac"] }, [ecowatt]); // => { registers: ["Pac"] }
 * ```
 */
export function canonical(values: SettingsValues, profiles: readonly Profile[]): SettingsValues {
  if (values.registers === undefined) return values;
  return { ...values, registers: values.registers.map((name) => canonicalName(profiles, name)) };
}
