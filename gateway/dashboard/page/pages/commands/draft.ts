import type { InverterAbilities, RegisterAbility } from "../../api/views.ts";

/** The kinds of commands, as people call them. */
export const KINDS = { set_power: "Limit power", write_register: "Write a register", read_register: "Read registers" };
export type Kind = keyof typeof KINDS;

/** A command as it is typed: text until it is sent. */
export interface Draft {
  readonly kind: Kind;
  readonly power: string;
  readonly unit: string;
  readonly revert: string;
  readonly register: string;
  readonly value: string;
  readonly count: string;
  readonly priority: string;
  readonly notBefore: string;
  readonly expiresIn: string;
}

export const EMPTY_DRAFT: Draft = {
  kind: "set_power",
  power: "",
  unit: "",
  revert: "",
  register: "",
  value: "",
  count: "1",
  priority: "5",
  notBefore: "",
  expiresIn: "",
};

/** What is wrong with a field of a draft. */
export type Problems = Partial<Record<keyof Draft | "devices", string>>;

/** A command without its device, or why it is none yet. */
type Built =
  | { readonly ok: true; readonly command: Readonly<Record<string, unknown>>; readonly text: string }
  | { readonly ok: false; readonly problems: Problems };

/** Makes the command of a draft. `now`: unix milliseconds. */
export function build(draft: Draft, abilities: InverterAbilities, now: number): Built {
  const made = parametersOf(draft, abilities);
  if (!made.ok) return made;
  const hours = numberOf(draft.expiresIn);
  const command = {
    command_type: draft.kind,
    parameters: made.parameters,
    inverter: abilities.inverter,
    priority: Number(draft.priority),
    ...(draft.notBefore === "" ? {} : { not_before: new Date(draft.notBefore).toISOString() }),
    ...(hours === undefined ? {} : { expires_at: new Date(now + 3_600_000 * hours).toISOString() }),
  };
  return { ok: true, command, text: made.text };
}

type Parameters =
  | { readonly ok: true; readonly parameters: object; readonly text: string }
  | { readonly ok: false; readonly problems: Problems };

function parametersOf(draft: Draft, abilities: InverterAbilities): Parameters {
  switch (draft.kind) {
    case "set_power":
      return setPower(draft, abilities);
    case "write_register":
      return writeRegister(draft, abilities);
    case "read_register":
      return readRegister(draft, abilities);
    default:
      return draft.kind satisfies never;
  }
}

function setPower({ power, unit: chosen, revert }: Draft, { set_power: ability }: InverterAbilities): Parameters {
  const unit = chosen || ability?.units[0] || "%";
  const value = numberOf(power);
  const wrong = value === undefined || !Number.isInteger(value)
    ? "must be a whole number"
    : unit === ability?.units[0]
    ? outside(value, ability)
    : undefined;
  if (value === undefined || wrong) return { ok: false, problems: { power: wrong ?? "must be a whole number" } };
  const seconds = numberOf(revert);
  const parameters = { power_value: value, unit, ...(seconds === undefined ? {} : { revert_s: seconds }) };
  return { ok: true, parameters, text: `limit the power to ${value} ${unit}` };
}

function writeRegister({ register: name, value: typed }: Draft, { write_register }: InverterAbilities): Parameters {
  const register = write_register.find((one) => one.name === name) ?? write_register[0];
  const value = numberOf(typed);
  if (!register) return { ok: false, problems: { register: "has no register that can be written" } };
  const wrong = value === undefined ? "must be a number" : notHeld(value, register);
  if (value === undefined || wrong) return { ok: false, problems: { value: wrong ?? "must be a number" } };
  const parameters = { register_address: register.address, value: Math.round(value * (register.gain ?? 1)) };
  return { ok: true, parameters, text: `write ${value} ${unitOf(register)} to ${register.name}` };
}

function readRegister({ register: name, count: typed }: Draft, { read_register }: InverterAbilities): Parameters {
  const register = read_register.find((one) => one.name === name) ?? read_register[0];
  const count = numberOf(typed);
  if (!register) return { ok: false, problems: { register: "has no register that can be read" } };
  if (count === undefined || !Number.isInteger(count) || count < 1 || count > 125) {
    return { ok: false, problems: { count: "must be 1 to 125" } };
  }
  const words = count === 1 ? "" : ` and what follows it, ${count} words`;
  const parameters = { register_address: register.address, count };
  return { ok: true, parameters, text: `read ${register.name}${words}` };
}

/** Why a register cannot hold a value, as far as it is known here. */
function notHeld(value: number, { gain, ...limits }: RegisterAbility): string | undefined {
  const raw = value * (gain ?? 1);
  if (Math.abs(raw - Math.round(raw)) > 1e-6) return `must be in steps of ${1 / (gain ?? 1)}`;
  return gain === null ? undefined : outside(value, limits);
}

/** The unit in which a register is typed: raw where only the inverter knows its scale. */
export function unitOf({ gain, unit }: RegisterAbility): string {
  return gain === null ? "raw" : unit;
}

interface Limits {
  readonly min: number | null;
  readonly max: number | null;
}

/** Limits as people read them. */
export function limitsText({ min, max }: Limits, unit: string): string | undefined {
  return min === null || max === null ? undefined : `${min} to ${max} ${unit}`.trim();
}

function outside(value: number, { min, max }: Limits): string | undefined {
  if ((min === null || value >= min) && (max === null || value <= max)) return undefined;
  return `must be ${min ?? "any"} to ${max ?? "any"}`;
}

function numberOf(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value) ? undefined : value;
}
