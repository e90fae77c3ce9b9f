import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Device } from "./devices.ts";
import type { RawPoints } from "./raw_points.ts";
import type { RemovedInverters } from "./removed_inverters.ts";
import type { SeriesStore, StoredSeries } from "./series.ts";

/** The inverter of a board, and of a node that has named none yet. */
export const ONLY_INVERTER = "inverter";

/** An inverter, as its newest upload tells. */
interface KnownInverter {
  readonly inverter: string;
  readonly profile: Profile;
  /** What is polled of it now. */
  readonly registers: readonly string[];
}

/** Which inverters the devices have, from what they uploaded: the one answer to that question. */
export interface Inverters {
  /** Of every inverter that samples ever came from and that was not removed; also of a device that is not registered any more. */
  names(deviceId: string): readonly string[];
  /** Every inverter that can be told something, however long it has been silent; a board has its one from the start. */
  known(device: Device): readonly KnownInverter[];
  /**
   * Those that are there now, by name: what a node does not list any more is gone, and what sent nothing for a week before
   * the device's newest upload.
   */
  present(deviceId: string): readonly KnownInverter[];
  /** The kinds of those that are there: nothing is known of a node before its first upload. */
  profiles(device: Device): readonly Profile[];
}

interface InvertersIo {
  readonly series: Pick<SeriesStore, "ofDevice">;
  readonly points: Pick<RawPoints, "lastBlock">;
  /** What a node says that it polls; `undefined`: it does not tell. */
  readonly listed?: ListedInverters;
  readonly removed?: Pick<RemovedInverters, "of">;
}

/** The names of the inverters that a node lists now; `undefined`: it tells of none. */
export type ListedInverters = (deviceId: string) => ReadonlySet<string> | undefined;

/** An inverter that sent nothing for so long before the device's newest upload is no longer there. */
const GONE_MS = 7 * 86_400_000;
/** Registers that came in so long before the newest ones still count: boards send them in several sets. */
const TOGETHER_MS = 86_400_000;

export function createInverters({ series, points, listed, removed }: InvertersIo): Inverters {
  const heardOf = (deviceId: string): readonly Heard[] => {
    const removedAt = removed?.of(deviceId);
    return series.ofDevice(deviceId).flatMap((one): readonly Heard[] => {
      const at = points.lastBlock(one)?.received_at;
      return at === undefined || at <= (removedAt?.get(one.inverter) ?? -Infinity) ? [] : [{ series: one, at }];
    }).sort((a, b) => b.at - a.at);
  };
  const namesOf = (deviceId: string) => {
    const removedAt = removed?.of(deviceId);
    const there = new Set(removedAt?.size ? heardOf(deviceId).map(({ series }) => series.inverter) : []);
    const names = series.ofDevice(deviceId).map(({ inverter }) => inverter);
    return [...new Set(names.filter((name) => !removedAt?.has(name) || there.has(name)))];
  };
  const present = (deviceId: string) => {
    const names = listed?.(deviceId);
    return invertersIn(recent(heardOf(deviceId)).filter(({ series }) => names?.has(series.inverter) ?? true));
  };
  return {
    names: namesOf,
    known: ({ auth, deviceId }) => auth === "legacy" ? [BOARD_INVERTER] : invertersIn(heardOf(deviceId)),
    present,
    profiles: ({ auth, deviceId }) =>
      auth === "legacy" ? [ecowatt] : [...new Set(present(deviceId).map(({ profile }) => profile))],
  };
}

const BOARD_INVERTER: KnownInverter = {
  inverter: ONLY_INVERTER,
  profile: ecowatt,
  registers: ecowatt.registers.map(({ name }) => name),
};

interface Heard {
  readonly series: StoredSeries;
  /** When its newest block was received, unix milliseconds. */
  readonly at: number;
}

function recent(newestFirst: readonly Heard[]): readonly Heard[] {
  const latest = newestFirst[0]?.at ?? 0;
  return newestFirst.filter(({ at }) => at >= latest - GONE_MS);
}

function invertersIn(newestFirst: readonly Heard[]): readonly KnownInverter[] {
  const names = [...new Set(newestFirst.map(({ series }) => series.inverter))].sort();
  return names.flatMap((name) => inverterIn(name, newestFirst.filter(({ series }) => series.inverter === name)));
}

function inverterIn(inverter: string, heard: readonly Heard[]): readonly KnownInverter[] {
  const newest = heard[0];
  const profile = newest?.series.map;
  if (!newest || !profile) return [];
  const together = heard.filter(({ series, at }) => series.profile === profile.id && at >= newest.at - TOGETHER_MS);
  return [{ inverter, profile, registers: [...new Set(together.flatMap(({ series }) => series.registers))] }];
}
