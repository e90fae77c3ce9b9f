import { type Outcome, refusal, success } from "../outcome.ts";
import { lookup } from "../profile/lookup.ts";
import { physical, type RawOf, rawOfPhysical } from "../profile/physical.ts";
import { wordsFromRaw } from "../profile/raw.ts";
import type { Profile, Register } from "../profile/register.ts";
import { registerAt } from "./address.ts";
import type { Command } from "./command.ts";
import { type PowerControl, powerControl } from "./power_control.ts";

/** One thing to do on the bus. */
export type Step =
  | { readonly kind: "read"; readonly address: number; readonly count: number }
  /** `words` go to `register` in one request; reading back shows whether they are in force. */
  | { readonly kind: "write"; readonly register: Register; readonly raw: number; readonly words: readonly number[] };

type StepFault = "no_register" | "not_a_number" | "no_scale" | "no_rating" | "out_of_range";

/**
 * The registers that a command writes, in order; each costs one write of its day's budget.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * const limit = { command_type: "set_power", parameters: { power_value: 50 } } as const;
 * registersWritten(limit, ecowatt).map(({ name }) => name); // => ["Pow"]
 * ```
 */
export function registersWritten(command: Command, profile: Profile): readonly Register[] {
  switch (command.command_type) {
    case "set_power": {
      const control = powerControl(profile, command.parameters);
      return control === undefined
        ? []
        : [control.limit, control.afterwards, control.revert, control.enable].flatMap(present);
    }
    case "write_register":
      return present(registerAt(profile, command.parameters.register_address));
    case "read_register":
      return [];
    default:
      return command satisfies never;
  }
}

/**
 * The registers whose raw values `stepsOf` has to know: to be read first, together where the bus can.
 *
 * @example
 * ```ts
 * import { profileById } from "../profile/catalogue.ts";
 * import { ecowatt } from "../profile/ecowatt.ts";
 * const profile = profileById("sunspec:121@40122/30,123@40154/24") ?? ecowatt;
 * const inWatts = { command_type: "set_power", parameters: { power_value: 4_000, unit: "W" } } as const;
 * inputsOf(inWatts, profile).map(({ name }) => name); // => ["123.WMaxLimPct_SF", "121.WMax_SF", "121.WMax"]
 * ```
 */
export function inputsOf(command: Command, profile: Profile): readonly Register[] {
  switch (command.command_type) {
    case "set_power": {
      const control = powerControl(profile, command.parameters);
      if (!control) return [];
      const rating = needsRating(command.parameters.unit, control) ? present(control.rating) : [];
      return unique([control.limit, ...rating].flatMap((register) => factorOf(profile, register)).concat(rating));
    }
    case "write_register": {
      const register = registerAt(profile, command.parameters.register_address);
      return register?.plausible ? factorOf(profile, register) : [];
    }
    case "read_register":
      return [];
    default:
      return command satisfies never;
  }
}

/**
 * What to do on the bus, in order. A limit goes first, then its time, then its switch: the inverter must never obey an old
 * limit (SunSpec models 123 and 704). Nothing is clamped.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * const limit = { command_type: "set_power", parameters: { power_value: 50 } } as const;
 * const steps = stepsOf(limit, ecowatt, () => undefined);
 * steps.ok && steps.value.map((step) => step.kind === "write" && step.words); // => [[50]]
 * ```
 */
export function stepsOf(command: Command, profile: Profile, rawOf: RawOf): Outcome<readonly Step[], StepFault> {
  switch (command.command_type) {
    case "set_power":
      return powerSteps(command.parameters, profile, rawOf);
    case "write_register": {
      const register = registerAt(profile, command.parameters.register_address);
      if (!register) return refusal("no_register", "No register begins at this address");
      const write = writeStep(register, command.parameters.value);
      return write.ok ? success([write.value]) : write;
    }
    case "read_register": {
      const { register_address: address, count = 1 } = command.parameters;
      return success([{ kind: "read", address, count }]);
    }
    default:
      return command satisfies never;
  }
}

type SetPower = Extract<Command, { command_type: "set_power" }>["parameters"];

function powerSteps(parameters: SetPower, profile: Profile, rawOf: RawOf): Outcome<readonly Step[], StepFault> {
  const control = powerControl(profile, parameters);
  if (!control) return refusal("no_register", `${profile.title} has no power limit`);
  const value = limitValue(parameters, control, rawOf);
  if (!value.ok) return value;
  const raw = rawOfPhysical(control.limit, value.value, rawOf);
  if (!raw.ok) return raw;
  const writes: readonly (readonly [Register | undefined, number])[] = [
    [control.limit, raw.value],
    [control.afterwards, 0],
    [control.revert, parameters.revert_s ?? 0],
    [control.enable, control.on],
  ];
  const steps: Step[] = [];
  for (const [register, number] of writes) {
    if (!register) continue;
    const step = writeStep(register, number);
    if (!step.ok) return step;
    steps.push(step.value);
  }
  return success(steps);
}

/** The limit in the unit of its register. */
function limitValue(
  { power_value, unit }: SetPower,
  control: PowerControl,
  rawOf: RawOf,
): Outcome<number, StepFault> {
  if (!needsRating(unit, control)) return success(power_value);
  const { rating } = control;
  const watts = rating && physical(rating, rawOf(rating.name), rawOf);
  if (watts === undefined || watts <= 0) return refusal("no_rating", "The inverter does not tell its rated power");
  if (power_value > watts) return refusal("out_of_range", `The inverter is rated ${watts} W: ${power_value} is more`);
  return success(100 * power_value / watts);
}

function needsRating(unit: SetPower["unit"], { limit }: PowerControl): boolean {
  return unit === "W" && limit.unit === "%";
}

function writeStep(register: Register, raw: number): Outcome<Step, StepFault> {
  const words = wordsFromRaw(register.encoding, raw, register);
  if (!words) return refusal("out_of_range", `${register.name} cannot hold ${raw}`);
  return success({ kind: "write", register, raw, words });
}

function factorOf(profile: Profile, { scale }: Register): readonly Register[] {
  return scale.kind === "exponent" ? present(lookup(profile, scale.register)) : [];
}

function present(register: Register | undefined): readonly Register[] {
  return register ? [register] : [];
}

function unique(registers: readonly Register[]): readonly Register[] {
  return [...new Set(registers)];
}
