import { knownProfile } from "../../profiles/known_profile.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { type Inverters, ONLY_INVERTER } from "../store/inverters.ts";
import type { Device } from "../store/devices.ts";
import type { QueueReason, QueueRefusal } from "./reason.ts";

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
export function targetOf(device: Device, wish: TargetWish, io: TargetIo): Target | QueueRefusal {
  if (device.auth === "legacy") return boardTarget(wish);
  const known = io.inverters.known(device);
  const names = known.map(({ inverter }) => inverter);
  const inverter = wish.inverter ?? (names.length > 1 ? undefined : names[0] ?? ONLY_INVERTER);
  if (inverter === undefined) return refusal("inverter", { code: "inverter_needed", inverters: names });
  const uploaded = known.find((one) => one.inverter === inverter);
  if (uploaded) return confirmed(uploaded, wish.profile);
  if (wish.profile !== undefined) return withProfile(inverter, wish.profile);
  if (names.length > 0) return refusal("inverter", { code: "inverter_unknown", inverters: names });
  return refusal("profile", { code: "profile_needed" });
}

function boardTarget({ inverter = ONLY_INVERTER, profile = ecowatt.id }: TargetWish): Target | QueueRefusal {
  if (inverter !== ONLY_INVERTER) return refusal("inverter", { code: "board_inverter", inverter: ONLY_INVERTER });
  if (profile !== ecowatt.id) return refusal("profile", { code: "board_profile", profile: ecowatt.id });
  return { inverter, profile: ecowatt };
}

function confirmed({ inverter, profile }: Target, wished: string | undefined): Target | QueueRefusal {
  if (wished === undefined || wished === profile.id) return { inverter, profile };
  return refusal("profile", { code: "profile_differs", inverter, profile: profile.id });
}

function withProfile(inverter: string, id: string): Target | QueueRefusal {
  const profile = knownProfile(id);
  return profile ? { inverter, profile } : refusal("profile", { code: "profile_unknown" });
}

function refusal(path: string, reason: QueueReason): QueueRefusal {
  return { path, reason };
}
