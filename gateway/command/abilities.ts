import { powerControl } from "../../protocol/command/power_control.ts";
import type { Profile, Register } from "../../protocol/profile/register.ts";
import type { Target } from "./target.ts";

/** What one inverter can be told: what `checkCommand` would let pass. */
export interface InverterAbilities {
  readonly inverter: string;
  readonly profile: Profile;
  /** `undefined`: its power cannot be limited. */
  readonly control: PowerAbility | undefined;
  readonly writable: readonly Register[];
  readonly readable: readonly Register[];
}

/** How the power can be limited. */
interface PowerAbility {
  readonly limit: Register;
  readonly acceptsWatts: boolean;
  readonly canRevert: boolean;
}

/** A board writes its power limit only and reads nothing on command. */
export function abilitiesOf({ inverter, profile }: Target, isBoard: boolean): InverterAbilities {
  const control = powerControl(profile);
  const holding = profile.registers.filter(({ table }) => table === "holding");
  const writable = holding.filter(({ access, name }) =>
    access === "read-write" && (!isBoard || name === profile.powerLimit)
  );
  return {
    inverter,
    profile,
    control: control && {
      limit: control.limit,
      acceptsWatts: control.rating !== undefined && !isBoard,
      canRevert: !isBoard,
    },
    writable,
    readable: isBoard ? [] : holding,
  };
}
