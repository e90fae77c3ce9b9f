import type { Labels } from "../../platform/metrics/exposition.ts";

/** How the value of a register becomes a metric. */
export interface Measurement {
  /** Without `ecowatt_`. */
  readonly metric: keyof typeof MEASUREMENTS;
  readonly labels: Labels;
  /** What the register's value is multiplied by to be in base units. */
  readonly factor: number;
}

/** The metrics that registers become: base units, and what they mean. */
export const MEASUREMENTS = {
  ac_power_watts: "AC power",
  ac_current_amperes: "AC current of all phases",
  phase_voltage_volts: "AC voltage of a phase to neutral",
  phase_current_amperes: "AC current of a phase",
  grid_frequency_hertz: "Frequency of the grid",
  apparent_power_voltamperes: "AC apparent power",
  dc_power_watts: "DC power of all strings",
  dc_voltage_volts: "DC voltage",
  dc_current_amperes: "DC current of all strings",
  mppt_power_watts: "DC power of a string",
  mppt_voltage_volts: "DC voltage of a string",
  mppt_current_amperes: "DC current of a string",
  temperature_celsius: "Temperature inside the inverter",
  power_limit_ratio: "Share of its rating that the inverter may deliver",
} as const;

const is = (metric: Measurement["metric"], labels: Labels = {}, factor = 1): Measurement => ({
  metric,
  labels,
  factor,
});

/** Registers of the ten-register map, and points of SunSpec's inverter models 101 to 113, by name. */
const KNOWN: Readonly<Record<string, Measurement>> = {
  Vac1: is("phase_voltage_volts", { phase: "l1" }),
  Iac1: is("phase_current_amperes", { phase: "l1" }),
  Fac1: is("grid_frequency_hertz"),
  Vpv1: is("mppt_voltage_volts", { string: 1 }),
  Vpv2: is("mppt_voltage_volts", { string: 2 }),
  Ipv1: is("mppt_current_amperes", { string: 1 }),
  Ipv2: is("mppt_current_amperes", { string: 2 }),
  Temp: is("temperature_celsius", { sensor: "cabinet" }),
  Pow: is("power_limit_ratio", {}, 0.01),
  Pac: is("ac_power_watts"),
  W: is("ac_power_watts"),
  A: is("ac_current_amperes"),
  AphA: is("phase_current_amperes", { phase: "l1" }),
  AphB: is("phase_current_amperes", { phase: "l2" }),
  AphC: is("phase_current_amperes", { phase: "l3" }),
  PhVphA: is("phase_voltage_volts", { phase: "l1" }),
  PhVphB: is("phase_voltage_volts", { phase: "l2" }),
  PhVphC: is("phase_voltage_volts", { phase: "l3" }),
  Hz: is("grid_frequency_hertz"),
  VA: is("apparent_power_voltamperes"),
  DCW: is("dc_power_watts"),
  DCV: is("dc_voltage_volts"),
  DCA: is("dc_current_amperes"),
  TmpCab: is("temperature_celsius", { sensor: "cabinet" }),
  TmpSnk: is("temperature_celsius", { sensor: "heat_sink" }),
  TmpTrns: is("temperature_celsius", { sensor: "transformer" }),
  TmpOt: is("temperature_celsius", { sensor: "other" }),
};

/** Points of a string in SunSpec's model 160. */
const STRING_POINTS: Readonly<Record<string, Measurement["metric"]>> = {
  DCW: "mppt_power_watts",
  DCV: "mppt_voltage_volts",
  DCA: "mppt_current_amperes",
};

/** The metric of a register (`Pac`, `103.W`, `160.2.DCW`), if it has one. */
export function measurementOf(register: string): Measurement | undefined {
  const [model, ...rest] = register.split(".");
  if (rest.length === 0) return KNOWN[register];
  const [point = "", inString] = rest;
  if (inString !== undefined) {
    const metric = model === "160" ? STRING_POINTS[inString] : undefined;
    return metric && is(metric, { string: point });
  }
  return /^1[01][123]$/.test(model ?? "") ? KNOWN[point] : undefined;
}
