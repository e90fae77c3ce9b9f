import { z } from "zod";

/** Names in a list that are looked at; more is no list of registers, whatever the rules say. */
const MAX_NAMES = 256;

/** Seconds between two polls or uploads. What is allowed is for rules.ts to say. */
const Seconds = z.number();
const RegisterNames = z.array(z.string().min(1).max(64)).max(MAX_NAMES);

/** Counts the settings of a device; 0 is before the first. */
export const SettingsVersion = z.int().min(0);

/**
 * What can be set from afar (contract/1-link §5). A key that is left out is left to the device: its own configuration
 * rules. The registers are those of all inverters of a node: each polls those of the list that it has.
 */
export const SettingsValues = z.strictObject({
  poll_interval_s: Seconds.optional().describe("Seconds between two polls: 0.1 to 3600"),
  upload_interval_s: Seconds.optional().describe(
    "Seconds between two uploads: 1 to 86400, not below the poll interval",
  ),
  registers: RegisterNames.optional().describe("Names of the registers to poll: 1 to 64 (10 for a board), each once"),
});
export type SettingsValues = z.infer<typeof SettingsValues>;

/** The settings a device is to have. */
export const Settings = SettingsValues.extend({ version: SettingsVersion });
export type Settings = z.infer<typeof Settings>;

/** A change of some values; `null` leaves one to the device again (RFC 7396). */
export const SettingsPatch = z.strictObject({
  poll_interval_s: Seconds.nullable().optional(),
  upload_interval_s: Seconds.nullable().optional(),
  registers: RegisterNames.nullable().optional(),
});
export type SettingsPatch = z.infer<typeof SettingsPatch>;

/** The keys of settings, in the order in which they are shown. */
export const SETTING_KEYS = ["poll_interval_s", "upload_interval_s", "registers"] as const;
export type SettingKey = typeof SETTING_KEYS[number];

/** One difference between two settings. */
export interface SettingChange {
  readonly key: SettingKey;
  /** `undefined`: left to the device. */
  readonly from: number | readonly string[] | undefined;
  readonly to: number | readonly string[] | undefined;
}

/**
 * The values after a change of some of them.
 *
 * @example
 * ```ts
 * patched({ poll_interval_s: 2, upload_interval_s: 30 }, { poll_interval_s: null }); // => { upload_interval_s: 30 }
 * ```
 */
export function patched(values: SettingsValues, patch: SettingsPatch): SettingsValues {
  const valueOf = <T>(old: T | undefined, asked: T | null | undefined) =>
    asked === undefined ? old : asked ?? undefined;
  return valuesOf({
    poll_interval_s: valueOf(values.poll_interval_s, patch.poll_interval_s),
    upload_interval_s: valueOf(values.upload_interval_s, patch.upload_interval_s),
    registers: valueOf(values.registers, patch.registers),
  });
}

/**
 * Values without the keys that have none.
 *
 * @example
 * ```ts
 * valuesOf({ ...{ poll_interval_s: 2 }, ...{ version: 7 } }); // => { poll_interval_s: 2 }
 * ```
 */
export function valuesOf({ poll_interval_s, upload_interval_s, registers }: SettingsValues): SettingsValues {
  return {
    ...(poll_interval_s === undefined ? {} : { poll_interval_s }),
    ...(upload_interval_s === undefined ? {} : { upload_interval_s }),
    ...(registers === undefined ? {} : { registers }),
  };
}

/**
 * What differs between two settings. Lists of the same registers in another order are the same.
 *
 * @example
 * ```ts
 * differences({ poll_interval_s: 2 }, { poll_interval_s: 5 }); // => [{ key: "poll_interval_s", from: 2, to: 5 }]
 * ```
 */
export function differences(from: SettingsValues, to: SettingsValues): readonly SettingChange[] {
  return SETTING_KEYS.filter((key) => !isSameValue(from[key], to[key])).map((key) => ({
    key,
    from: from[key],
    to: to[key],
  }));
}

/**
 * Whether two values of a setting mean the same.
 *
 * @example
 * ```ts
 * isSameValue(["Pac", "Vac1"], ["Vac1", "Pac"]); // => true
 * ```
 */
export function isSameValue(
  one: number | readonly string[] | undefined,
  other: number | readonly string[] | undefined,
): boolean {
  if (one === undefined || other === undefined || typeof one === "number" || typeof other === "number") {
    return one === other;
  }
  const names = new Set(other);
  return one.length === other.length && new Set(one).size === names.size && one.every((name) => names.has(name));
}
