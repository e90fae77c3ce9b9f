import type { EnergyDay, EnergyStore, StoredEnergy } from "../store/energy.ts";
import type { Meter } from "../store/port/meter.ts";

/** An inverter that a node lists, and the names that it had before. */
interface Named {
  readonly inverter: string;
  readonly formerly?: readonly string[] | undefined;
}

/** Lets the meters of inverters go on that were given another name. Called inside `GroupCommit.run`. */
type Succession = (device: string, listed: readonly Named[]) => void;

export function createSuccession(energy: EnergyStore): Succession {
  return (device, listed) => {
    const names = new Set(listed.map(({ inverter }) => inverter));
    for (const { inverter, formerly = [] } of listed) {
      for (const name of formerly.filter((name) => !names.has(name))) {
        const before = energy.load(device, name);
        if (before) succeed(energy, device, before, inverter);
      }
    }
  };
}

function succeed(energy: EnergyStore, device: string, before: StoredEnergy, inverter: string): void {
  const after = energy.load(device, inverter);
  energy.rename(device, before.inverter, inverter);
  const days: readonly EnergyDay[] = [before, ...(after ? [after] : [])]
    .map(({ day, dayWh }) => ({ inverter, day, wh: dayWh }));
  const day = days.reduce((last, { day }) => day > last ? day : last, "");
  const dayWh = days.reduce((sum, one) => one.day === day ? sum + one.wh : sum, 0);
  for (const one of days) if (one.day !== day && one.day !== "") energy.addToDay(device, one);
  const meter = after ? joined(before.meter, after.meter) : before.meter;
  energy.save(device, { inverter, version: (after?.version ?? 0) + 1, meter, day, dayWh });
}

/** One meter of two: `after` counts what came since, under another name. */
function joined(before: Meter, after: Meter): Meter {
  return {
    ...after,
    lifetimeWh: lifetimeOf(before, after),
    at: Math.max(before.at, after.at),
    peakW: Math.max(before.peakW, after.peakW),
    owedWh: sumOf(before.owedWh, after.owedWh),
    owedOfDayWh: sumOf(before.owedOfDayWh, after.owedOfDayWh),
  };
}

function lifetimeOf(before: Meter, after: Meter): number | undefined {
  if (before.lifetimeWh === undefined || after.lifetimeWh === undefined) return before.lifetimeWh ?? after.lifetimeWh;
  if (after.source === "computed") return before.lifetimeWh + after.lifetimeWh;
  // A new meter begins with what its counter shows, which the one before had counted already.
  const went = (after.counter.accepted?.wh ?? 0) - (before.counter.accepted?.wh ?? Infinity);
  return Math.max(after.lifetimeWh, before.lifetimeWh + Math.max(0, went));
}

function sumOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}
