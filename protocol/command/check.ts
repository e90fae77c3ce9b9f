import { physical, type RawOf } from "../profile/physical.ts";
import { rawRange } from "../profile/raw.ts";
import type { Profile, Register } from "../profile/register.ts";
import { hasAddresses, registerAt } from "./address.ts";
import type { Command } from "./command.ts";
import { powerControl } from "./power_control.ts";

/** Why a command cannot be done: where (`parameters.value`) and what. */
export interface Reason {
  readonly path: string;
  readonly message: string;
}

/** What the checking end knows besides the profile. */
interface CheckOptions {
  /** Whether the command is for a legacy board, which writes the power limit only, absolutely (contract/2-boards §7). */
  readonly board?: boolean;
  /** Raw values that were read: scale factors, the rating. The node has them; without them what depends on them passes. */
  readonly rawOf?: RawOf;
}

type Of<T extends Command["command_type"]> = Extract<Command, { command_type: T }>["parameters"];

/**
 * Every reason why an inverter of this profile cannot do what the command says; empty when it can. Used at both ends.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * checkCommand({ command_type: "set_power", parameters: { power_value: 50 } }, ecowatt); // => []
 * const [reason] = checkCommand({ command_type: "set_power", parameters: { power_value: 101 } }, ecowatt);
 * reason; // => { path: "parameters.power_value", message: "Pow takes 0 to 100 %: 101 is outside" }
 * ```
 */
export function checkCommand(command: Command, profile: Profile, options: CheckOptions = {}): readonly Reason[] {
  switch (command.command_type) {
    case "set_power":
      return checkSetPower(command.parameters, profile, options);
    case "write_register":
      return checkWrite(command.parameters, profile, options);
    case "read_register":
      return checkRead(command.parameters, profile, options);
    default:
      return command satisfies never;
  }
}

function checkSetPower(parameters: Of<"set_power">, profile: Profile, { board }: CheckOptions): readonly Reason[] {
  const control = powerControl(profile);
  if (!control) return [{ path: "command_type", message: `${profile.title} has no power limit that can be set` }];
  const { power_value: value, unit = control.limit.unit, revert_s } = parameters;
  const reasons: Reason[] = [];
  if (unit === control.limit.unit) reasons.push(...checkPhysical("parameters.power_value", value, control.limit));
  else if (unit !== "W" || !control.rating || board) {
    reasons.push({
      path: "parameters.unit",
      message: `must be ${control.limit.unit}, the unit of ${control.limit.name}`,
    });
  } else if (value < 0) reasons.push({ path: "parameters.power_value", message: "must not be negative" });
  if (revert_s !== undefined && !control.revert) {
    reasons.push({ path: "parameters.revert_s", message: `${profile.title} cannot lift a limit by itself` });
  }
  return reasons;
}

function checkWrite(parameters: Of<"write_register">, profile: Profile, options: CheckOptions): readonly Reason[] {
  const { register_address: address, value } = parameters;
  const register = registerAt(profile, address);
  const where = "parameters.register_address";
  if (!register) return [{ path: where, message: `${profile.title} has no register that begins at ${address}` }];
  if (register.access !== "read-write") return [{ path: where, message: `${register.name} cannot be written` }];
  if (options.board && register.name !== profile.powerLimit) {
    return [{ path: where, message: `a board writes ${profile.powerLimit} only` }];
  }
  return checkRaw("parameters.value", value, register, options.rawOf);
}

function checkRead(parameters: Of<"read_register">, profile: Profile, { board }: CheckOptions): readonly Reason[] {
  if (board) return [{ path: "command_type", message: "a board does not know read_register" }];
  const { register_address: address, count = 1 } = parameters;
  if (hasAddresses(profile, address, count)) return [];
  const range = count === 1 ? `${address}` : `${address} to ${address + count - 1}`;
  return [{ path: "parameters.register_address", message: `${profile.title} has no register at ${range}` }];
}

function checkRaw(path: string, raw: number, register: Register, rawOf: RawOf | undefined): readonly Reason[] {
  const { min, max } = rawRange(register.encoding);
  if (raw < min || raw > max) return [{ path, message: `${register.name} holds ${min} to ${max}` }];
  if (raw === register.absent) return [{ path, message: `${raw} means "not implemented" in ${register.name}` }];
  if (!register.plausible || (register.scale.kind === "exponent" && !rawOf)) return [];
  const value = physical(register, raw, rawOf ?? (() => undefined));
  if (value === undefined) return [{ path, message: `the scale factor of ${register.name} is unusable` }];
  return checkPhysical(path, value, register);
}

function checkPhysical(path: string, value: number, { name, plausible, unit }: Register): readonly Reason[] {
  if (!plausible || (value >= plausible.min && value <= plausible.max)) return [];
  return [{ path, message: `${name} takes ${plausible.min} to ${plausible.max} ${unit}: ${value} is outside`.trim() }];
}
