import { PARAMETER_OF, type ReportStatus, type ReportUpdate } from "../../protocol/settings/report.ts";
import type { SettingsRefusal } from "../../protocol/settings/target.ts";
import {
  isSameValue,
  SETTING_KEYS,
  type SettingKey,
  type Settings,
  type SettingsValues,
} from "../../protocol/settings/settings.ts";

/** Longest text of a reason. */
const MAX_TEXT = 1_000;

/** The lines of a report that say of all parameters of a version that they are kept, or in force. */
export function takenUpdates(
  { version, ...values }: Settings,
  status: "accepted" | "applied",
): readonly ReportUpdate[] {
  return SETTING_KEYS.map((key) => lineOf(key, version, status, values));
}

/**
 * The lines that refuse a version. It is refused as a whole, or what is in force would be a mixture that nobody has checked:
 * a parameter that is fine by itself names those that are not, and one that is what it was is applied.
 */
export function rejectedUpdates(
  { version, ...values }: Settings,
  refusals: readonly SettingsRefusal[],
  inForce: SettingsValues,
): readonly ReportUpdate[] {
  const refused = [...new Set(refusals.map(({ key }) => PARAMETER_OF[key]))].join(" and ");
  return SETTING_KEYS.map((key) => {
    const own = refusals.filter((refusal) => refusal.key === key).map(({ message }) => message);
    if (own.length === 0 && isSameValue(values[key], inForce[key])) return lineOf(key, version, "applied", values);
    const error = own.length > 0 ? own.join("; ") : `not applied, because ${refused} was refused`;
    return { ...lineOf(key, version, "rejected", values), error: error.slice(0, MAX_TEXT) };
  });
}

function lineOf(key: SettingKey, version: number, status: ReportStatus, values: SettingsValues): ReportUpdate {
  const value = key === "registers" ? reportable(values.registers) : values[key];
  return {
    parameter: PARAMETER_OF[key],
    status,
    version,
    ...(value === undefined ? {} : { value }),
    ...(Array.isArray(value) ? { count: value.length } : {}),
    ...(typeof value === "number" ? { unit: "seconds" } : {}),
  };
}

/** The lines that take settings back: of what they changed. */
export function revertedUpdates(
  { version, ...values }: Settings,
  good: SettingsValues,
  reason: string,
): readonly ReportUpdate[] {
  return SETTING_KEYS.filter((key) => !isSameValue(values[key], good[key])).map((key) => ({
    ...lineOf(key, version, "reverted", good),
    error: reason.slice(0, MAX_TEXT),
  }));
}

/** A list that is too long for a report is left out of it. */
function reportable(names: readonly string[] | undefined): string[] | undefined {
  return names === undefined || names.length > 64 ? undefined : [...names];
}
