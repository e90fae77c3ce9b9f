import type { Profile } from "../../protocol/profile/register.ts";
import type { BusFault } from "../modbus/fault.ts";
import type { DiscoveryFault } from "./discovery.ts";

/** Registers without a trustworthy value in one poll, by reason (plausibility.ts). */
export interface Withheld {
  /** Not implemented by the inverter: nothing is wrong. */
  absent: number;
  /** A counter that fell to 0. */
  missing: number;
  /** Outside the plausible range. */
  range: number;
  /** Further from the last value than can be. */
  step: number;
}

/** None withheld. */
export function noneWithheld(): Withheld {
  return { absent: 0, missing: 0, range: 0, step: 0 };
}

/** Why a poll, or a part of it, gave nothing. Every one has a `message` for people. */
export type PollFault =
  | BusFault
  | DiscoveryFault
  /** A register that the inverter's profile does not have, or too many of them. */
  | { readonly kind: "registers"; readonly message: string }
  /** It is not the device that its profile describes: nothing of it is stored. */
  | { readonly kind: "misfit"; readonly message: string }
  /** The SunSpec map is no longer what it was, or an answer came shifted: everything withheld, the map looked up again. */
  | { readonly kind: "map_changed"; readonly message: string }
  /** The inverter answered, with nothing to store: all values absent, refused or withheld. */
  | { readonly kind: "no_values"; readonly message: string };

/** What asking an inverter once came to. */
export type Poll =
  | {
    readonly kind: "read";
    /** Unix milliseconds at which the first answer was there. */
    readonly at: number;
    readonly profile: Profile;
    /** Names of the columns: the registers asked for, each followed by a scale factor it needs. */
    readonly columns: readonly string[];
    /** Raw integers, one a column; `undefined`: no trustworthy value. */
    readonly values: readonly (number | undefined)[];
    readonly withheld: Readonly<Withheld>;
    /** Why not all registers were read. */
    readonly fault?: PollFault;
  }
  | { readonly kind: "nothing"; readonly at: number; readonly withheld: Readonly<Withheld>; readonly fault: PollFault };
