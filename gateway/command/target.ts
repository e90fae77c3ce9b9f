import type { Reason } from "../../protocol/command/check.ts";
import { knownProfile } from "../../profiles/known_profile.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { type Inverters, ONLY_INVERTER } from "../store/inverters.ts";
import type { Device } from "../store/devices.ts";

/** The inverter a command is for, and what is known of it. */
export interface Target {
  readonly inverter: string;
  readonly profile: Profile;
}

/** What the operator said of it. */
interface TargetWish {
  readonly inverter?: string | undefined;
  readonly profile?: string | undefined;
}

export interface TargetIo {
  readonly inverters: Pick<Inverters, "known">;
}

/**
 * Which inverter is meant, and the profile to check against: that of its newest upload. A board has the ten registers. Before
 * the first upload the operator has to say it; the node checks again in any case.
 */
export function targetOf(device: Device, wish: TargetWish, io: TargetIo): Target | Reason {
  if (device.auth === "legacy") return boardTarget(wish);
  const known = io.inverters.known(device);
  const names = known.map(({ inverter }) => inverter);
  const inverter = wish.inverter ?? (names.length > 1 ? undefined : names[0] ?? ONLY_INVERTER);
  if (inverter === undefined) return { path: "inverter", message: `must say which one: ${names.join(", ")}` };
  const uploaded = known.find((one) => one.inverter === inverter);
  if (uploaded) return confirmed(uploaded, wish.profile);
  if (wish.profile !== undefined) return withProfile(inverter, wish.profile);
  if (names.length > 0) return { path: "inverter", message: `is not known; the device has ${names.join(", ")}` };
  return {
    path: "profile",
    message: "must be said: the device has uploaded nothing yet, so its registers are not known",
  };
}

function boardTarget({ inverter = ONLY_INVERTER, profile = ecowatt.id }: TargetWish): Target | Reason {
  if (inverter !== ONLY_INVERTER) return { path: "inverter", message: `must be ${ONLY_INVERTER}: a board has one` };
  if (profile !== ecowatt.id) return { path: "profile", message: `must be ${ecowatt.id}: a board has no other` };
  return { inverter, profile: ecowatt };
}

function confirmed({ inverter, profile }: Target, wished: string | undefined): Target | Reason {
  if (wished === undefined || wished === profile.id) return { inverter, profile };
  return { path: "profile", message: `is not that of ${inverter}, which is ${profile.id}` };
}

function withProfile(inverter: string, id: string): Target | Reason {
  const profile = knownProfile(id);
  return profile ? { inverter, profile } : { path: "profile", message: "is not known" };
}
