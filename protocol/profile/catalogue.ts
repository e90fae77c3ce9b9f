import { BoundedMap } from "../../platform/bounded_map.ts";
import { ecowatt } from "./ecowatt.ts";
import type { Profile } from "./register.ts";
import { parseMapId } from "./sunspec/map_id.ts";
import { mapProfile } from "./sunspec/map_profile.ts";

/** SunSpec maps kept ready: a fleet has few kinds of inverter, and the gateway asks for one with every upload. */
const KEPT = 64;
/** No inverter has as many; a map that claims more would only cost memory. */
const MAX_REGISTERS = 1_500;
const kept = new BoundedMap<string, Profile>(KEPT);

/**
 * The profile an id stands for: `ecowatt`, or a SunSpec map (sunspec/map_id.ts). `undefined`: not ours.
 *
 * @example
 * ```ts
 * profileById("ecowatt")?.title; // => "EcoWatt ten-register inverter"
 * profileById("sunspec:1@40002/66,103@40070/50")?.power; // => "103.W"
 * profileById("somebody-elses"); // => undefined
 * ```
 */
export function profileById(id: string): Profile | undefined {
  if (id === ecowatt.id) return ecowatt;
  return kept.get(id) ?? madeOf(id);
}

function madeOf(id: string): Profile | undefined {
  const blocks = parseMapId(id);
  if (!blocks.ok) return undefined;
  const profile = mapProfile(blocks.value);
  if (profile.registers.length > MAX_REGISTERS) return undefined;
  kept.set(id, profile);
  return profile;
}
