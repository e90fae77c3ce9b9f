import type { Reason } from "../../protocol/command/check.ts";
import { profileById } from "../../protocol/profile/catalogue.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Device } from "../store/devices.ts";
import type { RawPoints } from "../store/raw_points.ts";
import type { SeriesStore } from "../store/series.ts";

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
  readonly series: Pick<SeriesStore, "ofDevice">;
  readonly points: Pick<RawPoints, "lastBlock">;
}

/** The inverter of a board, and of a node that has named none yet. */
const ONLY_INVERTER = "inverter";

/**
 * Which inverter is meant, and the profile to check against: that of its newest upload. A board has the ten registers. Before
 * the first upload the operator has to say it; the node checks again in any case.
 */
export function targetOf(device: Device, wish: TargetWish, io: TargetIo): Target | Reason {
  if (device.auth === "legacy") return boardTarget(wish);
  const newest = newestProfiles(device.deviceId, io);
  const names = [...newest.keys()];
  const inverter = wish.inverter ?? (names.length > 1 ? undefined : names[0] ?? ONLY_INVERTER);
  if (inverter === undefined) return { path: "inverter", message: `must say which one: ${names.join(", ")}` };
  const stored = newest.get(inverter);
  if (stored !== undefined) return confirmed(inverter, stored, wish.profile);
  if (wish.profile !== undefined) return withProfile(inverter, wish.profile);
  if (names.length > 0) return { path: "inverter", message: `is not known; the device has ${names.join(", ")}` };
  return {
    path: "profile",
    message: "must be said: the device has uploaded nothing yet, so its registers are not known",
  };
}

/** Every inverter of a device that is known, with its profile. */
export function targetsOf(device: Device, io: TargetIo): readonly Target[] {
  if (device.auth === "legacy") return [{ inverter: ONLY_INVERTER, profile: ecowatt }];
  return [...newestProfiles(device.deviceId, io)].flatMap(([inverter, id]) => {
    const profile = profileById(id);
    return profile ? [{ inverter, profile }] : [];
  });
}

function boardTarget({ inverter = ONLY_INVERTER, profile = ecowatt.id }: TargetWish): Target | Reason {
  if (inverter !== ONLY_INVERTER) return { path: "inverter", message: `must be ${ONLY_INVERTER}: a board has one` };
  if (profile !== ecowatt.id) return { path: "profile", message: `must be ${ecowatt.id}: a board has no other` };
  return { inverter, profile: ecowatt };
}

function confirmed(inverter: string, stored: string, wished: string | undefined): Target | Reason {
  if (wished === undefined || wished === stored) return withProfile(inverter, stored);
  return { path: "profile", message: `is not that of ${inverter}, which is ${stored}` };
}

function withProfile(inverter: string, id: string): Target | Reason {
  const profile = profileById(id);
  return profile ? { inverter, profile } : { path: "profile", message: "is not known" };
}

/** The profile of each inverter's newest upload. */
function newestProfiles(deviceId: string, { series, points }: TargetIo): ReadonlyMap<string, string> {
  const newest = new Map<string, { readonly profile: string; readonly at: number }>();
  for (const one of series.ofDevice(deviceId)) {
    const at = points.lastBlock(one)?.received_at ?? 0;
    const known = newest.get(one.inverter);
    if (!known || known.at <= at) newest.set(one.inverter, { profile: one.profile, at });
  }
  return new Map([...newest].map(([inverter, { profile }]) => [inverter, profile]));
}
