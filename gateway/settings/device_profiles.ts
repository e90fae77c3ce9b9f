import { profileById } from "../../protocol/profile/catalogue.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Device } from "../store/devices.ts";
import type { RawPoints } from "../store/raw_points.ts";
import type { SeriesStore, StoredSeries } from "../store/series.ts";

interface DeviceProfilesIo {
  readonly series: SeriesStore;
  readonly points: Pick<RawPoints, "lastBlock">;
}

/** An inverter that sent nothing for so long before the newest upload is no longer there. */
const GONE_MS = 7 * 86_400_000;

interface LastHeard {
  readonly series: StoredSeries;
  /** When its newest block was received, unix milliseconds. */
  readonly at: number;
}

/** The kinds of inverter that a device has, from what it uploads: nothing is known of a node before its first upload. */
export function profilesOf(device: Device, { series, points }: DeviceProfilesIo): readonly Profile[] {
  if (device.auth === "legacy") return [ecowatt];
  const newest = new Map<string, LastHeard>();
  for (const one of series.ofDevice(device.deviceId)) {
    const at = points.lastBlock(one)?.received_at;
    if (at === undefined || at < (newest.get(one.inverter)?.at ?? 0)) continue;
    newest.set(one.inverter, { series: one, at });
  }
  const heard = [...newest.values()];
  const latest = Math.max(0, ...heard.map(({ at }) => at));
  const ids = new Set(heard.filter(({ at }) => at >= latest - GONE_MS).map(({ series }) => series.profile));
  return [...ids].map(profileById).filter((profile) => profile !== undefined);
}
