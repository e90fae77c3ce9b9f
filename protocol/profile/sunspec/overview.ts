import { MAX_COLUMNS, partsOf } from "../lookup.ts";
import type { Profile, Register } from "../register.ts";

/** Points of an inverter model polled by default: with their scale factors they fit one request. */
const INVERTER_DEFAULTS = ["A", "PhVphA", "PhVphB", "PhVphC", "W", "Hz", "WH", "DCV", "DCW", "St", "Evt1"];
const DER_DEFAULTS = ["A", "LLV", "LNV", "W", "Hz", "TotWhInj", "TotWhAbs", "InvSt", "Alrm"];
/** Cabinet, heat sink, transformer, other: few inverters have them all, and SolarEdge not the first. */
const TEMPERATURES = ["TmpCab", "TmpSnk", "TmpTrns", "TmpOt"];
const MODULE_DEFAULTS = ["DCA", "DCV", "DCW"];
/** Modules polled by default, so that the default list stays below the 64 registers a device may be set to. */
const DEFAULT_MODULES = 8;
const METER_DEFAULTS = [
  ...["W", "WphA", "WphB", "WphC", "TotWhExp", "TotWhImp", "PhVphA", "PhVphB", "PhVphC"],
  ...["A", "AphA", "AphB", "AphC", "Hz", "VA", "VAR", "PF", "Evt"],
];
/** Of models 124, 713, 802 and 803; sensors are polled whole. */
const BATTERY_DEFAULTS: readonly (readonly [model: string, points: readonly string[]])[] = [
  ["124", ["ChaState", "ChaSt", "InBatV"]],
  ["713", ["SoC", "SoH", "Sta", "WHAvail"]],
  ["802", ["SoC", "SoH", "V", "A", "W", "ChaSt", "State", "Evt1"]],
  ["803", ["ModTmpMax", "ModTmpMin", "ModTmpAvg"]],
];
const INTEGER_AND_FLOAT = ["101", "102", "103", "111", "112", "113"];
const DER = "701";
const METERS = ["201", "202", "203", "204", "211", "212", "213", "214"];
const SENSOR = /^30[2-8][.-]/;

type Overview = Omit<Profile, "id" | "title" | "class" | "registers">;

/**
 * Which registers stand for the device on a dashboard, and which are polled by default.
 *
 * @example
 * ```ts
 * import { profileById } from "../catalogue.ts";
 * overviewOf(profileById("sunspec:103@40070/50")?.registers ?? []).power; // => "103.W"
 * ```
 */
export function overviewOf(registers: readonly Register[]): Overview {
  const known = new Map(registers.map((register) => [register.name, register]));
  const inverter = [...INTEGER_AND_FLOAT, DER].find((model) => known.has(`${model}.W`));
  const meter = METERS.find((model) => known.has(`${model}.W`));
  const named = (model: string | undefined, points: readonly string[]) =>
    points.map((point) => `${model}.${point}`).filter((name) => known.has(name));
  const find = (key: string, ...names: readonly string[]) => {
    const name = names.find((name) => known.has(name));
    return name === undefined ? {} : { [key]: name };
  };
  const temperatures = named(inverter, TEMPERATURES);
  const wanted = [
    ...named(inverter, inverter === DER ? DER_DEFAULTS : INVERTER_DEFAULTS),
    ...temperatures,
    ...named(meter, METER_DEFAULTS),
    ...BATTERY_DEFAULTS.flatMap(([model, points]) => named(model, points)),
    ...registers.filter(isMember).map(({ name }) => name),
    ...registers.filter(({ name }) => SENSOR.test(name)).map(({ name }) => name),
  ];
  return {
    defaultRegisters: thatFit(wanted, known),
    ...find("power", `${inverter}.W`),
    ...find("status", `${inverter}.St`, `${inverter}.InvSt`),
    ...(inverter === DER ? { statusShift: 1 } : {}),
    ...find("energy", `${inverter}.WH`, `${inverter}.TotWhInj`),
    ...find("voltage", `${inverter}.PhVphA`, `${inverter}.LNV`, `${meter}.PhVphA`),
    ...find("frequency", `${inverter}.Hz`, `${meter}.Hz`),
    ...(temperatures.length > 0 ? { temperatures } : {}),
    ...find("powerLimit", "123.WMaxLimPct", "704.WMaxLimPct"),
  };
}

/** The first of them that a sample holds, with what they are worth nothing without. */
function thatFit(names: readonly string[], known: ReadonlyMap<string, Register>): readonly string[] {
  const columns = new Set<string>();
  return names.filter((name) => {
    const register = known.get(name);
    const needed = register === undefined ? [] : [name, ...partsOf(register).filter((part) => known.has(part))];
    const more = needed.filter((column) => !columns.has(column));
    if (columns.size + more.length > MAX_COLUMNS) return false;
    for (const column of more) columns.add(column);
    return true;
  });
}

/** Whether it measures one of the first inputs of model 160, or ports of model 714. */
function isMember({ name }: Register): boolean {
  const [model, k, point] = name.split(".");
  return (model === "160" || model === "714") && Number(k) <= DEFAULT_MODULES && MODULE_DEFAULTS.includes(point ?? "");
}
