import type { Register } from "../register.ts";
import { type Family, familyOf, type Point } from "./model.ts";

type Roles = Readonly<Record<string, string>>;

const PHASES = [["A", "l1"], ["B", "l2"], ["C", "l3"]] as const;
const AC: Roles = {
  W: "ac_power",
  Hz: "ac_frequency",
  VA: "ac_apparent",
  VAr: "ac_reactive",
  A: "ac_current",
  ...phased("Aph", "ac_current"),
  ...phased("PhVph", "ac_voltage"),
  WH: "energy_total",
  TmpCab: "temperature",
  TmpSnk: "temperature_2",
  St: "state",
  Evt1: "fault",
};
const DER: Roles = {
  W: "ac_power",
  Hz: "ac_frequency",
  VA: "ac_apparent",
  Var: "ac_reactive",
  A: "ac_current",
  LNV: "ac_voltage",
  ...lined("W", "ac_power"),
  ...lined("A", "ac_current"),
  ...lined("V", "ac_voltage"),
  TotWhInj: "energy_total",
  TmpCab: "temperature",
  TmpSnk: "temperature_2",
  InvSt: "state",
  Alrm: "fault",
};
/** What is imported counts as plus, as the models have it. */
const GRID: Roles = {
  W: "grid_power",
  ...phased("Wph", "grid_power"),
  A: "grid_current",
  ...phased("Aph", "grid_current"),
  PhV: "grid_voltage",
  ...phased("PhVph", "grid_voltage"),
  Hz: "grid_frequency",
  VA: "grid_apparent",
  VAR: "grid_reactive",
  TotWhImp: "grid_import_total",
  TotWhExp: "grid_export_total",
  Evt: "fault",
};
const BATTERY: Readonly<Record<number, Roles>> = {
  124: { ChaState: "battery_soc", InBatV: "battery_voltage" },
  713: { SoC: "battery_soc", SoH: "battery_soh", WHRtg: "battery_capacity" },
  802: {
    SoC: "battery_soc",
    SoH: "battery_soh",
    V: "battery_voltage",
    A: "battery_current",
    W: "battery_power",
    WHRtg: "battery_capacity",
    Evt1: "fault",
  },
};
const SENSOR: Roles = {
  GHI: "irradiance",
  TmpAmb: "ambient_temperature",
  TmpBOM: "module_temperature",
  WndSpd: "wind_speed",
};

/**
 * What a point means, whatever it is called, and since when it counts.
 *
 * @example
 * ```ts
 * meaningOfPoint(203, { name: "W", offset: 18, type: "int16", words: 1 }); // => { role: "grid_power" }
 * ```
 */
export function meaningOfPoint(model: number, { name, type }: Point): Pick<Register, "role" | "counts"> {
  const family = familyOf(model);
  const role = family && rolesOf(family, model)[name];
  return { ...(role === undefined ? {} : { role }), ...(isCounter(name, type) ? { counts: "lifetime" } : {}) };
}

function rolesOf(family: Family, model: number): Roles {
  switch (family) {
    case "inverter":
      return model === 701 ? DER : AC;
    case "meter":
      return GRID;
    case "battery":
      return BATTERY[model] ?? {};
    case "sensor":
      return SENSOR;
    default:
      return family satisfies never;
  }
}

/** Integers that count say so by their type, or with 64 bits; floats by their names. */
function isCounter(name: string, type: string): boolean {
  return type.startsWith("acc") || type === "uint64" || (type === "float32" && /^(WH$|Tot)/.test(name));
}

function phased(point: string, role: string): Roles {
  return Object.fromEntries(PHASES.map(([phase, line]) => [`${point}${phase}`, `${role}_${line}`]));
}

function lined(point: string, role: string): Roles {
  return Object.fromEntries([1, 2, 3].map((line) => [`${point}L${line}`, `${role}_l${line}`]));
}
