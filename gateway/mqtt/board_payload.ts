import { LEGACY_TOPIC } from "../boards/answers.ts";
import { boardName } from "../boards/registers.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import { lookup } from "../../protocol/profile/lookup.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import type { Profile, Register } from "../../protocol/profile/register.ts";
import type { Message } from "./message.ts";
import type { NewestSample } from "../ingest/newest_sample.ts";

/** How existing dashboards know a register: the key of its readable text, that text's unit and decimals. */
const READABLE: Readonly<Record<string, readonly [key: string, unit: string, decimals: number]>> = {
  Vac1: ["ac_voltage_readable", "V", 1],
  Iac1: ["ac_current_readable", "A", 2],
  Fac1: ["ac_frequency_readable", "Hz", 2],
  Vpv1: ["pv_voltage_1_readable", "V", 1],
  Vpv2: ["pv_voltage_2_readable", "V", 1],
  Ipv1: ["pv_current_1_readable", "A", 2],
  Ipv2: ["pv_current_2_readable", "A", 2],
  Temp: ["temperature_readable", "°C", 1],
  Pow: ["power_readable", "%", 0],
  Pac: ["ac_power_readable", "W", 0],
};

/**
 * The message on `esp32/ecowatt_data` as existing dashboards read it: `register_data` with the raw value of each register of
 * the ten-register inverter and its readable text. A register that was not read is not in it. `undefined`: none was.
 */
export function boardMessage(newest: NewestSample): Message | undefined {
  const registerData: Record<string, number | string> = {};
  for (const { register, value } of boardValues(newest)) {
    const readable = READABLE[register.name];
    if (readable === undefined) continue;
    const [key, unit, decimals] = readable;
    registerData[boardName(register.name)] = Math.round(value * gainOf(register));
    registerData[key] = `${value.toFixed(decimals)}${unit}`;
  }
  if (Object.keys(registerData).length === 0) return undefined;
  const { device, inverter, sample, quality } = newest;
  const time = new Date(sample.at).toISOString();
  const payload = JSON.stringify({ device_id: device, inverter, time, quality, register_data: registerData });
  return { topic: LEGACY_TOPIC, payload, retain: false };
}

interface BoardValue {
  readonly register: Register;
  /** In the register's unit. */
  readonly value: number;
}

/** The sample's values in terms of the ten-register inverter: another kind has power, voltage, frequency and temperature. */
function* boardValues({ profile, registers, sample }: NewestSample): Generator<BoardValue> {
  const values = physicalColumns(profile, registers)(sample.values);
  const taken = new Set<string>();
  for (const name of columnsInOrder(profile, registers)) {
    const value = values[registers.indexOf(name)];
    const known = boardRegister(profile, lookup(profile, name)?.name);
    const register = known === undefined || taken.has(known) ? undefined : lookup(ecowatt, known);
    if (register === undefined || value === undefined) continue;
    taken.add(register.name);
    yield { register, value };
  }
}

/** Temperatures in the order in which they count, wherever they stand. */
function columnsInOrder({ temperatures = [] }: Profile, registers: readonly string[]): readonly string[] {
  const place = (name: string) => temperatures.indexOf(name);
  return registers.toSorted((a, b) => place(a) - place(b));
}

function boardRegister(profile: Profile, name: string | undefined): string | undefined {
  if (name === undefined || profile.id === ecowatt.id) return name;
  if (profile.temperatures?.includes(name)) return ecowatt.temperatures?.[0];
  const roles = ["power", "voltage", "frequency"] as const;
  const role = roles.find((role) => profile[role] === name);
  return role && ecowatt[role];
}

function gainOf({ scale }: Register): number {
  return scale.kind === "gain" ? scale.gain : 1;
}
