import type { Plausible, Profile, Register } from "./register.ts";

/**
 * The ten-register inverter of the EcoWatt boards, one holding register each from address 0 (unit 17 by default).
 *
 * Ranges are what a single-phase inverter of up to 20 kW can show, 0 included because the grid and the sun go away.
 * Steps are given where a physical quantity cannot leap between two polls; currents, power and the limit can.
 */
export const ecowatt: Profile = {
  id: "ecowatt",
  title: "EcoWatt ten-register inverter",
  registers: [
    register(0, "Vac1", 10, "V", "L1 phase voltage", { min: 0, max: 300, maxStep: 100 }),
    register(1, "Iac1", 10, "A", "L1 phase current", { min: 0, max: 100 }),
    register(2, "Fac1", 100, "Hz", "L1 phase frequency", { min: 0, max: 70, maxStep: 10 }),
    register(3, "Vpv1", 10, "V", "PV1 input voltage", { min: 0, max: 1500 }),
    register(4, "Vpv2", 10, "V", "PV2 input voltage", { min: 0, max: 1500 }),
    register(5, "Ipv1", 10, "A", "PV1 input current", { min: 0, max: 100 }),
    register(6, "Ipv2", 10, "A", "PV2 input current", { min: 0, max: 100 }),
    register(7, "Temp", 10, "°C", "Inverter temperature", { min: 0, max: 150, maxStep: 20 }),
    { ...register(8, "Pow", 1, "%", "Export power limit", { min: 0, max: 100 }), access: "read-write" },
    register(9, "Pac", 1, "W", "Output power", { min: 0, max: 20_000 }),
  ],
  defaultRegisters: ["Vac1", "Iac1", "Fac1", "Vpv1", "Vpv2", "Ipv1", "Ipv2", "Temp", "Pow", "Pac"],
  power: "Pac",
  powerLimit: "Pow",
  voltage: "Vac1",
  frequency: "Fac1",
  temperatures: ["Temp"],
};

/** The registers an EcoWatt board uploads, in the order of its frames. */
export const boardRegisters: readonly string[] = ["Vac1", "Iac1", "Ipv1", "Pac", "Ipv2", "Temp"];

function register(
  address: number,
  name: string,
  gain: number,
  unit: string,
  description: string,
  plausible: Plausible,
): Register {
  return {
    name,
    synonyms: [`REG_${name.toUpperCase()}`],
    table: "holding",
    address,
    encoding: "u16",
    scale: { kind: "gain", gain },
    unit,
    access: "read",
    plausible,
    description,
  };
}
