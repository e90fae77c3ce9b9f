import { lookup } from "../profile/lookup.ts";
import type { Profile, Register } from "../profile/register.ts";

/** The registers that together limit an inverter's power. */
export interface PowerControl {
  readonly limit: Register;
  /** Seconds after which the inverter lifts the limit by itself. */
  readonly revert?: Register;
  /** What its switch is then: 0 lifts the limit. */
  readonly afterwards?: Register;
  /** 1 puts the limit into force; where there is none, it is in force at once. */
  readonly enable?: Register;
  /** The power that 100 % stands for. */
  readonly rating?: Register;
}

interface Companions {
  readonly revert: string;
  readonly afterwards?: string;
  readonly enable: string;
  readonly rating: string;
}

/** What belongs to a limit register that does not work alone: SunSpec models 123 and 704, and the ratings in 121 and 702. */
const COMPANIONS: ReadonlyMap<string, Companions> = new Map([
  ["123.WMaxLimPct", { revert: "123.WMaxLimPct_RvrtTms", enable: "123.WMaxLim_Ena", rating: "121.WMax" }],
  ["704.WMaxLimPct", {
    revert: "704.WMaxLimPctRvrtTms",
    afterwards: "704.WMaxLimPctEnaRvrt",
    enable: "704.WMaxLimPctEna",
    rating: "702.WMax",
  }],
]);

/**
 * How a profile's power is limited; `undefined` when it cannot be: no register, or one without its switch.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * powerControl(ecowatt)?.limit.name; // => "Pow"
 * ```
 */
export function powerControl(profile: Profile): PowerControl | undefined {
  const limit = profile.powerLimit === undefined ? undefined : lookup(profile, profile.powerLimit);
  if (!limit || limit.access !== "read-write") return undefined;
  const names = COMPANIONS.get(limit.name);
  if (!names) return { limit };
  const enable = lookup(profile, names.enable);
  if (!enable) return undefined;
  const revert = lookup(profile, names.revert);
  const afterwards = names.afterwards === undefined ? undefined : lookup(profile, names.afterwards);
  const rating = lookup(profile, names.rating);
  return {
    limit,
    enable,
    ...(revert ? { revert } : {}),
    ...(afterwards ? { afterwards } : {}),
    ...(rating ? { rating } : {}),
  };
}
