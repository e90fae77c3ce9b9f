import type { EnergyDay, EnergyStore } from "../store/energy.ts";
import type { LocalDays } from "./local_days.ts";
import type { EnergySource } from "../store/port/meter.ts";

/** What an inverter has delivered, in Wh. */
export interface InverterEnergy {
  readonly inverter: string;
  readonly source: EnergySource;
  /** `undefined` until its counter shows something plausible. */
  readonly lifetimeWh: number | undefined;
  /** Since local midnight; `undefined` as long as the total is. */
  readonly todayWh: number | undefined;
  /** What its provisional samples of today would add. */
  readonly todayNotCountedWh: number;
  /** When the newest reading was taken, unix milliseconds. */
  readonly at: number;
}

/** What a device has delivered, in Wh. Sums are `undefined` while one of its inverters is unknown. */
interface DeviceEnergy {
  readonly todayWh: number | undefined;
  readonly lifetimeWh: number | undefined;
  readonly todayNotCountedWh: number;
  readonly inverters: readonly InverterEnergy[];
}

interface DayEnergy {
  /** `2026-11-24` */
  readonly day: string;
  readonly wh: number;
  /** What provisional samples of the day would add, about. */
  readonly notCountedWh: number;
}

/** Everything that can be asked about energy. */
export interface EnergyReader {
  readonly timeZone: string;
  /** The local day of a moment. */
  dayOf(at: number): string;
  of(deviceId: string, now: number): DeviceEnergy;
  /** The last so many local days, today included, in order of time; days without samples are left out. */
  days(deviceId: string, count: number, now: number): readonly DayEnergy[];
}

interface EnergyReaderIo {
  readonly energy: EnergyStore;
  /** The names of the inverters that a node lists now: another one's total is not the device's any more. */
  readonly listed: (deviceId: string) => ReadonlySet<string> | undefined;
  /** When those were removed that an operator took off it, unix milliseconds. */
  readonly removed: (deviceId: string) => ReadonlyMap<string, number>;
}

export function createEnergyReader(
  { energy, listed, removed }: EnergyReaderIo,
  timeZone: string,
  days: LocalDays,
): EnergyReader {
  return {
    timeZone,
    dayOf: (at) => days(at).name,
    of(deviceId, now) {
      const today = days(now).name;
      const todays = new Map(energy.days(deviceId, today, today).map(({ inverter, wh }) => [inverter, wh]));
      const asides = new Map(energy.notCounted(deviceId, today, today).map(({ inverter, wh }) => [inverter, wh]));
      const names = listed(deviceId), removedAt = removed(deviceId);
      const all = energy.ofDevice(deviceId).map(({ inverter, meter: { source, lifetimeWh, at } }) => {
        const todayWh = lifetimeWh === undefined ? undefined : todays.get(inverter) ?? 0;
        return { inverter, source, lifetimeWh, todayWh, todayNotCountedWh: asides.get(inverter) ?? 0, at };
      });
      const inverters = all.filter(({ inverter, at }) => {
        return names?.has(inverter) ?? at > (removedAt.get(inverter) ?? -Infinity);
      });
      const gone = all.flatMap((one) => inverters.includes(one) ? [] : one.todayWh ?? []);
      return {
        todayWh: sum([...inverters.map(({ todayWh }) => todayWh), ...gone]),
        lifetimeWh: sum(inverters.map(({ lifetimeWh }) => lifetimeWh)),
        todayNotCountedWh: [...asides.values()].reduce((total, wh) => total + wh, 0),
        inverters,
      };
    },
    days(deviceId, count, now) {
      let first = days(now);
      for (let day = 1; day < count; day++) first = days(first.start - 1);
      const sums = byDay(energy.days(deviceId, first.name, days(now).name));
      const asides = byDay(energy.notCounted(deviceId, first.name, days(now).name));
      return [...new Set([...sums.keys(), ...asides.keys()])].sort().map((day) => {
        return { day, wh: sums.get(day) ?? 0, notCountedWh: asides.get(day) ?? 0 };
      });
    },
  };
}

/** The sums of all inverters. */
function byDay(energy: readonly EnergyDay[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { day, wh } of energy) sums.set(day, (sums.get(day) ?? 0) + wh);
  return sums;
}

/** `undefined` when one of them is, or there is none: a sum without a member would fall and rise with it. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce((total, value) => total === undefined || value === undefined ? undefined : total + value, 0);
}
