import { physical, type RawOf } from "../profile/physical.ts";
import { rawRange } from "../profile/raw.ts";
import type { Profile, Register } from "../profile/register.ts";
import { hasAddresses, registerAt } from "./address.ts";
import type { Command } from "./command.ts";
import { powerControl } from "./power_control.ts";
import type { CommandReason, CommandRefusal } from "./reason.ts";

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
 * const [refusal] = checkCommand({ command_type: "set_power", parameters: { power_value: -1, unit: "%" } }, ecowatt);
 * refusal?.reason.code; // => "out_of_range"
 * ```
 */
export function checkCommand(
  command: Command,
  profile: Profile,
  options: CheckOptions = {},
): readonly CommandRefusal[] {
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

function checkSetPower(
  parameters: Of<"set_power">,
  profile: Profile,
  { board }: CheckOptions,
): readonly CommandRefusal[] {
  const { title } = profile;
  const control = powerControl(profile, parameters);
  if (!control && profile.untriedLimit) {
    return refused("parameters.unverified", { code: "untried", title, safety: profile.untriedLimit.safety });
  }
  if (!control) return refused("command_type", { code: "no_power_limit", title });
  const { limit } = control;
  const { power_value: value, unit = limit.unit, revert_s } = parameters;
  const refusals: CommandRefusal[] = [];
  if (unit === limit.unit) refusals.push(...checkPhysical("parameters.power_value", value, limit));
  else if (unit !== "W" || !control.rating || board) {
    refusals.push(...refused("parameters.unit", { code: "other_unit", unit: limit.unit, register: limit.name }));
  } else if (value < 0) refusals.push(...refused("parameters.power_value", { code: "negative" }));
  if (revert_s !== undefined && board) {
    refusals.push(...refused("parameters.revert_s", { code: "no_revert" }));
  }
  return refusals;
}

function checkWrite(
  parameters: Of<"write_register">,
  profile: Profile,
  options: CheckOptions,
): readonly CommandRefusal[] {
  const { register_address: address, value } = parameters;
  const register = registerAt(profile, address);
  const where = "parameters.register_address";
  if (!register) return refused(where, { code: "no_register_begins", title: profile.title, address });
  if (register.access !== "read-write") return refused(where, { code: "read_only", register: register.name });
  if (options.board && register.name !== profile.powerLimit) {
    return refused(where, { code: "board_writes_limit_only", register: profile.powerLimit });
  }
  return checkRaw("parameters.value", value, register, options.rawOf);
}

function checkRead(
  parameters: Of<"read_register">,
  profile: Profile,
  { board }: CheckOptions,
): readonly CommandRefusal[] {
  if (board) return refused("command_type", { code: "board_cannot_read" });
  const { register_address: address, count = 1 } = parameters;
  if (hasAddresses(profile, address, count)) return [];
  return refused("parameters.register_address", { code: "no_register", title: profile.title, address, count });
}

function checkRaw(path: string, raw: number, register: Register, rawOf: RawOf | undefined): readonly CommandRefusal[] {
  const { name } = register;
  const { min, max } = rawRange(register.encoding);
  if (raw < min || raw > max) return refused(path, { code: "beyond_encoding", register: name, min, max });
  if (raw === register.absent) return refused(path, { code: "means_absent", register: name, raw });
  if (!register.plausible || (register.scale.kind === "exponent" && !rawOf)) return [];
  const value = physical(register, raw, rawOf ?? (() => undefined));
  if (value === undefined) return refused(path, { code: "scale_unusable", register: name });
  return checkPhysical(path, value, register);
}

function checkPhysical(path: string, value: number, { name, plausible, unit }: Register): readonly CommandRefusal[] {
  if (!plausible || (value >= plausible.min && value <= plausible.max)) return [];
  const { min, max } = plausible;
  return refused(path, { code: "out_of_range", register: name, min, max, unit, value });
}

function refused(path: string, reason: CommandReason): readonly CommandRefusal[] {
  return [{ path, reason }];
}
