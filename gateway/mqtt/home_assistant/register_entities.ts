import { lookup, shownOf } from "../../../protocol/profile/lookup.ts";
import type { Profile, Register } from "../../../protocol/profile/register.ts";
import type { EntityConfig, SensorEntity } from "./discovery.ts";
import { entityKey } from "./ids.ts";

/** An inverter as it is announced. */
export interface AnnouncedInverter {
  readonly device: string;
  readonly inverter: string;
  readonly profile: Profile;
  /** What is polled, in the profile's spelling. */
  readonly registers: readonly string[];
  /** Seconds without news after which measurements are no longer shown. */
  readonly expireAfter: number;
}

/** Class and state class by the register's unit; what has no class is a plain measurement. */
const CLASSES: Readonly<Record<string, string>> = {
  W: "power",
  V: "voltage",
  A: "current",
  Hz: "frequency",
  VA: "apparent_power",
  var: "reactive_power",
  "°C": "temperature",
};

/** Names of entities that an inverter has besides its registers. */
const TAKEN = ["Lifetime energy", "Energy today", "Power limit", "Problem"];

/** Point St of model 701 only says whether it is on. */
const STATE = /^(?!701[.-]).*\.(St|DCSt)$/;

/** What an inverter is doing (SunSpec, point `St` of models 101 to 113 and `DCSt` of model 160). */
const STATES: Readonly<Record<number, string>> = {
  1: "off",
  2: "sleeping",
  3: "starting",
  4: "mppt",
  5: "throttled",
  6: "shutting_down",
  7: "fault",
  8: "standby",
  9: "test",
};

/**
 * A sensor for each register that is polled, except scale factors, the counter of energy (which is published clean, beside)
 * and the power limit (which is a number).
 */
export function registerEntities(announced: AnnouncedInverter, id: string, stateTopic: string) {
  const shown = shownRegisters(announced);
  const names = namesOf(shown);
  return shown.map((register, index): readonly [string, EntityConfig] => {
    const key = entityKey(register.name);
    const name = names[index] ?? register.name;
    const base = { p: "sensor", uniq_id: `${id}_${key}`, name, stat_t: stateTopic } as const;
    return [key, { ...base, ...meaningOf(register, announced.expireAfter) }];
  });
}

function shownRegisters({ profile, registers }: AnnouncedInverter): readonly Register[] {
  const polled = registers.map((name) => lookup(profile, name)).filter((register) => register !== undefined);
  return shownOf(polled).filter(({ name }) => name !== profile.energy && name !== profile.powerLimit);
}

/** What people call the registers; those that would share a name say which they are. */
function namesOf(registers: readonly Register[]): readonly string[] {
  const names = registers.map(({ name, description }) => {
    const input = /^160(?:-\d+)?\.(\d+)\./.exec(name)?.[1];
    const text = description.split(":")[0] ?? description;
    return input === undefined ? text : `Input ${input} ${text}`;
  });
  return names.map((name, index) => {
    const shared = TAKEN.includes(name) || names.some((other, at) => at !== index && other === name);
    return shared ? `${name} (${registers[index]?.name})` : name;
  });
}

type Meaning = Partial<SensorEntity> & { readonly val_tpl: string };

function meaningOf({ name, unit, scale }: Register, expireAfter: number): Meaning {
  const value = `value_json.registers['${name}']`;
  const val_tpl = `{{ ${value} }}`;
  const exp_aft = expireAfter;
  const dev_cla = CLASSES[unit];
  if (STATE.test(name)) return { ...stateMeaning(value), exp_aft };
  if (dev_cla) return { val_tpl, dev_cla, stat_cla: "measurement", unit_of_meas: unit, exp_aft };
  // A total that is not made clean must not get into anybody's statistics: it has no state class.
  if (unit === "Wh") return { val_tpl, dev_cla: "energy", unit_of_meas: unit, ent_cat: "diagnostic" };
  if (/\.PF$/.test(name)) {
    return { val_tpl, dev_cla: "power_factor", stat_cla: "measurement", unit_of_meas: "%", exp_aft };
  }
  if (unit !== "") return { val_tpl, stat_cla: "measurement", unit_of_meas: unit, exp_aft };
  const counts = scale.kind === "exponent" ? { stat_cla: "measurement" } as const : {};
  return { val_tpl, ...counts, ent_cat: "diagnostic", en: false, exp_aft };
}

function stateMeaning(value: string): Meaning {
  const names = Object.entries(STATES).map(([number, name]) => `${number}: '${name}'`).join(", ");
  return { val_tpl: `{{ {${names}}.get(${value}) }}`, dev_cla: "enum", ops: Object.values(STATES) };
}
