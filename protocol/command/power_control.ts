import { lookup } from "../profile/lookup.ts";
import type { Profile, Register } from "../profile/register.ts";

/** The registers that together limit an inverter's power. */
export interface PowerControl {
  readonly limit: Register;
  /** Seconds after which the inverter lifts the limit by itself. */
  readonly revert?: Register;
  /** What its switch is then: 0 lifts the limit. */
  readonly afterwards?: Register;
  /** What puts the limit into force, by the value `on`; where there is none, it is in force at once. */
  readonly enable?: Register;
  readonly on: number;
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

/** Whether the operator insists. */
interface Insisting {
  readonly unverified?: boolean | undefined;
}

/**
 * How a profile's power is limited; `undefined` when it cannot be: no register, one without its switch, or one that nobody
 * has tried on hardware and the operator does not insist on.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * powerControl(ecowatt)?.limit.name; // => "Pow"
 * ```
 */
export function powerControl(profile: Profile, { unverified = false }: Insisting = {}): PowerControl | undefined {
  if (profile.powerLimit === undefined && unverified) return untriedControl(profile);
  const limit = profile.powerLimit === undefined ? undefined : lookup(profile, profile.powerLimit);
  if (!limit || limit.access !== "read-write") return undefined;
  const names = COMPANIONS.get(limit.name);
  if (!names) return { limit, on: 1 };
  const enable = lookup(profile, names.enable);
  if (!enable) return undefined;
  const revert = lookup(profile, names.revert);
  const afterwards = names.afterwards === undefined ? undefined : lookup(profile, names.afterwards);
  const rating = lookup(profile, names.rating);
  return {
    limit,
    enable,
    on: 1,
    ...(revert ? { revert } : {}),
    ...(afterwards ? { afterwards } : {}),
    ...(rating ? { rating } : {}),
  };
}

function untriedControl(profile: Profile): PowerControl | undefined {
  const { untriedLimit: untried } = profile;
  const writable = (name: string) => {
    const register = lookup(profile, name);
    return register?.access === "read-write" && register.table === "holding" ? register : undefined;
  };
  const limit = untried && writable(untried.register);
  if (!limit) return undefined;
  if (untried.enable === undefined) return { limit, on: 1 };
  const enable = writable(untried.enable.register);
  return enable && { limit, enable, on: untried.enable.raw };
}
