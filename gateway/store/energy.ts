import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Meter } from "../energy/meter.ts";

export const SCHEMA = `
CREATE TABLE energy_meter (
  device TEXT NOT NULL,
  inverter TEXT NOT NULL,
  meter TEXT NOT NULL,
  PRIMARY KEY (device, inverter)
) STRICT, WITHOUT ROWID;
CREATE TABLE energy_day (
  device TEXT NOT NULL,
  inverter TEXT NOT NULL,
  day TEXT NOT NULL,
  wh REAL NOT NULL,
  PRIMARY KEY (device, day, inverter)
) STRICT, WITHOUT ROWID;
`;

const Reading = z.object({ at: z.number(), wh: z.number() });

const StoredMeter = z.object({
  source: z.enum(["counter", "computed"]),
  lifetimeWh: z.number().optional(),
  at: z.number(),
  peakW: z.number(),
  counter: z.object({
    accepted: Reading.optional(),
    candidate: z.object({ first: Reading, last: Reading, count: z.number() }).optional(),
  }),
  integral: z.object({
    floor: z.number(),
    counted: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
  }),
}).transform((meter): Meter => ({
  ...meter,
  lifetimeWh: meter.lifetimeWh,
  counter: { accepted: meter.counter.accepted, candidate: meter.counter.candidate },
}));

const MeterRow = z.object({ inverter: z.string(), meter: z.string() })
  .transform(({ inverter, meter }) => ({ inverter, meter: StoredMeter.parse(JSON.parse(meter)) }));

const DayRow = z.object({ inverter: z.string(), day: z.string(), wh: z.number() });

/** Energy of an inverter on one local day, in Wh. */
export type EnergyDay = Readonly<z.infer<typeof DayRow>>;

/** An inverter's meter, by its name. */
export type NamedMeter = Readonly<z.infer<typeof MeterRow>>;

/** The energy of every inverter. Writing methods are called inside `GroupCommit.run`, with the samples they come from. */
export interface EnergyStore {
  load(device: string, inverter: string): Meter | undefined;
  save(device: string, inverter: string, meter: Meter): void;
  /** Adds to a day, `2026-11-24`. */
  addToDay(device: string, energy: EnergyDay): void;
  /** Every inverter of a device, by name. */
  ofDevice(device: string): readonly NamedMeter[];
  /** From one day to another, both included, in order of time, then inverter. */
  days(device: string, from: string, to: string): readonly EnergyDay[];
}

export function createEnergyStore(db: DatabaseSync): EnergyStore {
  const one = db.prepare("SELECT inverter, meter FROM energy_meter WHERE device = ? AND inverter = ?");
  const all = db.prepare("SELECT inverter, meter FROM energy_meter WHERE device = ? ORDER BY inverter");
  const put = db.prepare(`INSERT INTO energy_meter(device, inverter, meter) VALUES (?, ?, ?)
    ON CONFLICT (device, inverter) DO UPDATE SET meter = excluded.meter`);
  const add = db.prepare(`INSERT INTO energy_day(device, inverter, day, wh) VALUES (?, ?, ?, ?)
    ON CONFLICT (device, day, inverter) DO UPDATE SET wh = wh + excluded.wh`);
  const days = db.prepare(`SELECT inverter, day, wh FROM energy_day WHERE device = ? AND day >= ? AND day <= ?
    ORDER BY day, inverter`);
  return {
    load(device, inverter) {
      const row = one.get(device, inverter);
      return row === undefined ? undefined : MeterRow.parse(row).meter;
    },
    save: (device, inverter, meter) => void put.run(device, inverter, JSON.stringify(meter)),
    addToDay: (device, { inverter, day, wh }) => void add.run(device, inverter, day, wh),
    ofDevice: (device) => all.all(device).map((row) => MeterRow.parse(row)),
    days: (device, from, to) => days.all(device, from, to).map((row) => DayRow.parse(row)),
  };
}
