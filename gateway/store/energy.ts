import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Meter } from "./port/meter.ts";

export const SCHEMA = `
CREATE TABLE energy_meter (
  device TEXT NOT NULL,
  inverter TEXT NOT NULL,
  version INTEGER NOT NULL,
  meter TEXT NOT NULL,
  day TEXT NOT NULL,
  day_wh REAL NOT NULL,
  UNIQUE (device, inverter)
) STRICT;
CREATE TABLE energy_day (
  device TEXT NOT NULL,
  inverter TEXT NOT NULL,
  day TEXT NOT NULL,
  wh REAL NOT NULL,
  PRIMARY KEY (device, day, inverter)
) STRICT, WITHOUT ROWID;
`;

/** Version 6: what the samples say that are not known well enough to be counted. */
export const SCHEMA_OF_NOT_COUNTED = `
CREATE TABLE energy_not_counted (
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
  silentSince: z.number().optional(),
  owedWh: z.number().optional(),
  owedOfDayWh: z.number().optional(),
  counter: z.object({
    accepted: Reading.optional(),
    candidate: z.object({ first: Reading, last: Reading, count: z.number() }).optional(),
  }),
  integral: z.object({
    floor: z.number(),
    counted: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
    asideAt: z.number().optional(),
  }),
}).transform((meter): Meter => ({
  ...meter,
  lifetimeWh: meter.lifetimeWh,
  silentSince: meter.silentSince,
  owedWh: meter.owedWh,
  owedOfDayWh: meter.owedOfDayWh,
  counter: { accepted: meter.counter.accepted, candidate: meter.counter.candidate },
}));

const MeterRow = z.object({
  inverter: z.string(),
  version: z.number(),
  meter: z.string(),
  day: z.string(),
  day_wh: z.number(),
}).transform(({ inverter, version, meter, day, day_wh: dayWh }) => ({
  inverter,
  /** Counts the changes. */
  version,
  meter: StoredMeter.parse(JSON.parse(meter)),
  /** The newest day, `2026-11-24`, and what it brought; "" before the first. */
  day,
  dayWh,
}));

const DayRow = z.object({ inverter: z.string(), day: z.string(), wh: z.number() });

/** Energy of an inverter on one local day, in Wh. */
export type EnergyDay = Readonly<z.infer<typeof DayRow>>;

/** An inverter's meter as it is stored. */
export type StoredEnergy = Readonly<z.infer<typeof MeterRow>>;

/** The energy of every inverter. Writing methods are called inside `GroupCommit.run`, with the samples they come from. */
export interface EnergyStore {
  load(device: string, inverter: string): StoredEnergy | undefined;
  /** Writes what follows on `version - 1`; `false`, with nothing written, when something else is stored (by now). */
  save(device: string, energy: StoredEnergy): boolean;
  /** Adds to a day that is not the newest one. */
  addToDay(device: string, energy: EnergyDay): void;
  /** Gives the days of an inverter to another one of the device, and drops its meter. */
  rename(device: string, from: string, to: string): void;
  /** Every inverter of a device, by name. */
  ofDevice(device: string): readonly StoredEnergy[];
  /** From one day to another, both included, in order of time, then inverter. */
  days(device: string, from: string, to: string): readonly EnergyDay[];
  /** Adds to what is not counted of a day; `wh` below 0 takes it away again. */
  addNotCounted(device: string, energy: EnergyDay): void;
  /** As `days`, of what is not counted. */
  notCounted(device: string, from: string, to: string): readonly EnergyDay[];
}

/** Less than this is what rounding leaves when all has been taken away. */
const LEAST_WH = 1e-6;

export function createEnergyStore(db: DatabaseSync): EnergyStore {
  const one = db.prepare("SELECT * FROM energy_meter WHERE device = ? AND inverter = ?");
  const all = db.prepare("SELECT * FROM energy_meter WHERE device = ? ORDER BY inverter");
  const insert = db.prepare(`INSERT INTO energy_meter(meter, day, day_wh, device, inverter, version)
    VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING`);
  const update = db.prepare(`UPDATE energy_meter SET meter = ?, day = ?, day_wh = ?, version = version + 1
    WHERE device = ? AND inverter = ? AND version = ?`);
  const add = db.prepare(`INSERT INTO energy_day(device, inverter, day, wh) VALUES (?, ?, ?, ?)
    ON CONFLICT (device, day, inverter) DO UPDATE SET wh = wh + excluded.wh`);
  const days = db.prepare(`SELECT inverter, day, sum(wh) AS wh FROM (
      SELECT inverter, day, wh FROM energy_day WHERE device = ?1 AND day >= ?2 AND day <= ?3
      UNION ALL
      SELECT inverter, day, day_wh FROM energy_meter WHERE device = ?1 AND day >= ?2 AND day <= ?3
    ) GROUP BY day, inverter ORDER BY day, inverter`);
  const addAside = db.prepare(`INSERT INTO energy_not_counted(device, inverter, day, wh) VALUES (?1, ?2, ?3, max(0, ?4))
    ON CONFLICT (device, day, inverter) DO UPDATE SET wh = iif(wh + ?4 < ${LEAST_WH}, 0, wh + ?4)`);
  const aside = db.prepare(`SELECT inverter, day, wh FROM energy_not_counted
    WHERE device = ? AND day >= ? AND day <= ? AND wh > 0 ORDER BY day, inverter`);
  const drop = db.prepare("DELETE FROM energy_meter WHERE device = ? AND inverter = ?");
  const moves = ["energy_day", "energy_not_counted"].map((table) => ({
    add: db.prepare(`INSERT INTO ${table}(device, inverter, day, wh)
      SELECT device, ?3, day, wh FROM ${table} WHERE device = ?1 AND inverter = ?2
      ON CONFLICT (device, day, inverter) DO UPDATE SET wh = wh + excluded.wh`),
    drop: db.prepare(`DELETE FROM ${table} WHERE device = ? AND inverter = ?`),
  }));
  return {
    rename(device, from, to) {
      drop.run(device, from);
      for (const move of moves) {
        move.add.run(device, from, to);
        move.drop.run(device, from);
      }
    },
    load(device, inverter) {
      const row = one.get(device, inverter);
      return row === undefined ? undefined : MeterRow.parse(row);
    },
    save(device, { inverter, version, meter, day, dayWh }) {
      const values = [JSON.stringify(meter), day, dayWh, device, inverter] as const;
      const { changes } = version === 1 ? insert.run(...values) : update.run(...values, version - 1);
      return Number(changes) === 1;
    },
    addToDay: (device, { inverter, day, wh }) => void add.run(device, inverter, day, wh),
    ofDevice: (device) => all.all(device).map((row) => MeterRow.parse(row)),
    days: (device, from, to) => days.all(device, from, to).map((row) => DayRow.parse(row)),
    addNotCounted: (device, { inverter, day, wh }) => void addAside.run(device, inverter, day, wh),
    notCounted: (device, from, to) => aside.all(device, from, to).map((row) => DayRow.parse(row)),
  };
}
