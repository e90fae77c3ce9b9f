/** Which way a positive number of a directional quantity goes; `abs`: a magnitude, whose direction stands elsewhere. */
export const DIRECTIONS = ["import", "export", "charge", "discharge", "produce", "consume", "abs"] as const;
type Direction = typeof DIRECTIONS[number];

/** What a role is measured in, and which of its directions is the canonical plus; without one it has no direction. */
interface RoleTraits {
  readonly unit: "W" | "V" | "A" | "Hz" | "var" | "VA" | "Wh" | "%" | "°C" | "W/m²" | "m/s" | "";
  readonly positive?: readonly [plus: Direction, minus: Direction];
  /** Makers do not agree on it: whoever gives a signed value this role says which way its plus goes. */
  readonly ambiguous?: true;
}

const IMPORT: RoleTraits["positive"] = ["import", "export"];
const DISCHARGE: RoleTraits["positive"] = ["discharge", "charge"];
const PRODUCE: RoleTraits["positive"] = ["produce", "consume"];
const CONSUME: RoleTraits["positive"] = ["consume", "produce"];

const PHASES = ["l1", "l2", "l3"];
const PHASE_PAIRS = ["l12", "l23", "l31"];
/** Inputs that a string inverter has at most. */
const STRINGS = 24;

/**
 * Everything that a number of a device can mean. Canonical signs: grid + import, battery + discharge, what an inverter
 * gives +, what is used +.
 */
export const ROLES: ReadonlyMap<string, RoleTraits> = new Map<string, RoleTraits>([
  ...electrical("ac", PRODUCE),
  ...electrical("grid", IMPORT),
  ...["ac", "grid"].flatMap((where) => [
    entry(`${where}_frequency`, "Hz"),
    entry(`${where}_reactive`, "var"),
    entry(`${where}_apparent`, "VA"),
    entry(`${where}_power_factor`, ""),
  ]),
  entry("pv_power", "W", PRODUCE),
  ...Array.from({ length: STRINGS }, (_, index) => [
    entry(`pv${index + 1}_power`, "W", PRODUCE),
    entry(`pv${index + 1}_voltage`, "V"),
    entry(`pv${index + 1}_current`, "A"),
  ]).flat(),
  entry("battery_power", "W", DISCHARGE),
  entry("battery_current", "A", DISCHARGE),
  entry("battery_voltage", "V"),
  entry("battery_soc", "%"),
  entry("battery_soh", "%"),
  entry("battery_temperature", "°C"),
  entry("battery_capacity", "Wh"),
  entry("load_power", "W", CONSUME),
  entry("backup_power", "W", CONSUME),
  entry("self_consumption", "W", CONSUME),
  entry("charger_power", "W", CONSUME),
  ...["energy", "pv_energy", "grid_import", "grid_export", "battery_charge", "battery_discharge", "load_energy"]
    .flatMap((what) => [entry(`${what}_total`, "Wh"), entry(`${what}_today`, "Wh")]),
  entry("temperature", "°C"),
  entry("temperature_2", "°C"),
  entry("state", ""),
  entry("fault", ""),
  entry("rated_power", "W"),
  entry("power_limit", ""),
  entry("irradiance", "W/m²"),
  entry("wind_speed", "m/s"),
  entry("ambient_temperature", "°C"),
  entry("module_temperature", "°C"),
]);

/** Roles that several registers of a device may have: it has as many fault words as it likes. */
export const REPEATABLE_ROLES: readonly string[] = ["fault"];

function electrical(where: string, positive: RoleTraits["positive"]) {
  return [
    entry(`${where}_power`, "W", positive),
    entry(`${where}_current`, "A", positive),
    entry(`${where}_voltage`, "V"),
    ...PHASES.flatMap((phase) => [
      entry(`${where}_power_${phase}`, "W", positive),
      entry(`${where}_current_${phase}`, "A", positive),
      entry(`${where}_voltage_${phase}`, "V"),
    ]),
    ...PHASE_PAIRS.map((pair) => entry(`${where}_voltage_${pair}`, "V")),
  ];
}

function entry(role: string, unit: RoleTraits["unit"], positive?: RoleTraits["positive"]) {
  const ambiguous = positive === IMPORT || positive === DISCHARGE;
  return [role, { unit, ...(positive ? { positive } : {}), ...(ambiguous ? { ambiguous } : {}) }] as const;
}
