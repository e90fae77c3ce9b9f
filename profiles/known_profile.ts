import { profileById } from "../protocol/profile/catalogue.ts";
import type { Profile } from "../protocol/profile/register.ts";
import { programLibrary } from "./library.ts";

/** The profile that an id stands for; `undefined`: nobody here knows it. */
export type ProfileOf = (id: string) => Profile | undefined;

const known = new Map<string, Profile | undefined>();
/** Ids that are remembered: anybody may send one. */
const KEPT = 256;
const ID = /^([a-z][a-z0-9-]{0,47})@[0-9a-f]{12}$/;

/**
 * The profile that an id stands for by what the program brings along: the ten registers, a SunSpec map, or a map of one of its
 * devices.
 */
export const knownProfile: ProfileOf = (id) => {
  const [, name] = ID.exec(id) ?? [];
  if (name === undefined) return profileById(id);
  if (known.has(id)) return known.get(id);
  const kind = programLibrary.find(name);
  const profile = kind.ok ? kind.value.maps.find((map) => map.profile.id === id)?.profile : undefined;
  if (known.size >= KEPT) known.clear();
  known.set(id, profile);
  return profile;
};
