import { profileById } from "../../../protocol/profile/catalogue.ts";
import type { Profile } from "../../../protocol/profile/register.ts";
import type { RawPoints } from "../../store/raw_points.ts";
import type { SeriesStore, StoredSeries } from "../../store/series.ts";

/** An inverter with what is polled of it now. */
interface PolledInverter {
  readonly inverter: string;
  readonly profile: Profile;
  readonly registers: readonly string[];
}

export interface PolledInvertersIo {
  readonly series: Pick<SeriesStore, "ofDevice">;
  readonly points: Pick<RawPoints, "lastBlock">;
}

/** An inverter that sent nothing for so long before the device's newest upload is no longer there. */
const GONE_MS = 7 * 86_400_000;
/** Registers that came in so long before the newest ones still count: boards send them in several sets. */
const TOGETHER_MS = 86_400_000;

interface Heard {
  readonly series: StoredSeries;
  /** When its newest block was received, unix milliseconds. */
  readonly at: number;
}

/** The inverters of a device, from what it has uploaded. */
export function polledInverters(device: string, { series, points }: PolledInvertersIo): readonly PolledInverter[] {
  const heard = series.ofDevice(device).flatMap((one): Heard[] => {
    const at = points.lastBlock(one)?.received_at;
    return at === undefined ? [] : [{ series: one, at }];
  }).sort((a, b) => b.at - a.at);
  const recent = heard.filter(({ at }) => at >= (heard[0]?.at ?? 0) - GONE_MS);
  const names = [...new Set(recent.map(({ series }) => series.inverter))].sort();
  return names.flatMap((name) => polledInverter(name, recent.filter(({ series }) => series.inverter === name)));
}

function polledInverter(inverter: string, heard: readonly Heard[]): readonly PolledInverter[] {
  const newest = heard[0];
  const profile = newest && profileById(newest.series.profile);
  if (!newest || !profile) return [];
  const together = heard.filter(({ series, at }) => series.profile === profile.id && at >= newest.at - TOGETHER_MS);
  return [{ inverter, profile, registers: [...new Set(together.flatMap(({ series }) => series.registers))] }];
}
