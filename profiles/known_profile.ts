import { profileById } from "../protocol/profile/catalogue.ts";
import type { Profile } from "../protocol/profile/register.ts";
import { programLibrary } from "./library.ts";

const known = new Map<string, Profile | undefined>();
/** Ids that are remembered: anybody may send one. */
const KEPT = 256;
const ID = /^([a-z][a-z0-9-]{0,47})@[0-9a-f]{12}$/;

/**
 * The profile that an id stands for: the ten registers, a SunSpec map, or a map of one of the program's devices.
 * `undefined`: none that is known here.
 */
export function knownProfile(id: string): Profile | undefined {
  const [, name] = ID.exec(id) ?? [];
  if (name === undefined) return profileById(id);
  if (known.has(id)) return known.get(id);
  const kind = programLibrary.find(name);
  const profile = kind.ok ? kind.value.maps.find((map) => map.profile.id === id)?.profile : undefined;
  if (known.size >= KEPT) known.clear();
  known.set(id, profile);
  return profile;
}
