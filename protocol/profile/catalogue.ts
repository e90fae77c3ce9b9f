import { BoundedMap } from "../../platform/bounded_map.ts";
import { ecowatt } from "./ecowatt.ts";
import type { Profile } from "./register.ts";
import { type ModelBlock, parseMapId } from "./sunspec/map_id.ts";
import { isKnownModel, mapProfile } from "./sunspec/map_profile.ts";

/** SunSpec maps kept ready: a fleet has few kinds of inverter, and the gateway asks for one with every upload. */
const KEPT = 64;
/** No inverter has as many; a map that claims more would only cost memory. */
const MAX_REGISTERS = 1_500;
/** Most words of the models that we can name: a register has two at most, texts and gaps leave room. Known before any is made. */
const MAX_WORDS = 2 * MAX_REGISTERS;

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
  return id === ecowatt.id ? ecowatt : maps(id);
}

const maps = createMapCatalogue(mapProfile);

/**
 * Profiles of SunSpec maps by their ids, made by `make` and remembered. Anybody may send an id: whether a map is too large is
 * found out before it is made, and no map is made twice to be refused.
 *
 * @example
 * ```ts
 * import { mapProfile } from "./sunspec/map_profile.ts";
 * const catalogue = createMapCatalogue(mapProfile);
 * catalogue("sunspec:103@40070/50")?.power; // => "103.W"
 * ```
 */
export function createMapCatalogue(
  make: (blocks: readonly ModelBlock[]) => Profile,
): (id: string) => Profile | undefined {
  const kept = new BoundedMap<string, Profile>(KEPT);
  const refused = new BoundedMap<string, true>(KEPT);
  return (id) => {
    const known = kept.get(id);
    if (known !== undefined || refused.has(id)) return known;
    const blocks = parseMapId(id);
    if (!blocks.ok || wordsIn(blocks.value) > MAX_WORDS) return undefined;
    const profile = make(blocks.value);
    const fits = profile.registers.length <= MAX_REGISTERS;
    if (fits) kept.set(id, profile);
    else refused.set(id, true);
    return fits ? profile : undefined;
  };
}

function wordsIn(blocks: readonly ModelBlock[]): number {
  return blocks.reduce((sum, { model, length }) => sum + (isKnownModel(model) ? length : 0), 0);
}
