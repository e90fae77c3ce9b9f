import { PARAMETER_OF, type ReportStatus, type ReportUpdate } from "../../protocol/settings/report.ts";
import type { SettingsRefusal } from "../../protocol/settings/rules.ts";
import { SETTING_KEYS, type SettingKey, type Settings, type SettingsValues } from "../../protocol/settings/settings.ts";

/** Longest text of a reason. */
const MAX_TEXT = 1_000;

/** The lines of a report that say of all parameters of a version the same. `values`: what to name, the new or the old ones. */
export function updatesFor(
  version: number,
  status: Exclude<ReportStatus, "rejected">,
  values: SettingsValues,
  reason?: string,
): readonly ReportUpdate[] {
  return SETTING_KEYS.map((key) => ({
    ...lineOf(key, version, status, values),
    ...(reason === undefined ? {} : { error: reason.slice(0, MAX_TEXT) }),
  }));
}

/**
 * The lines that refuse a version. It is refused as a whole, or what is in force would be a mixture that nobody has checked:
 * a parameter that is fine by itself names those that are not.
 */
export function rejectedUpdates(
  { version, ...values }: Settings,
  refusals: readonly SettingsRefusal[],
): readonly ReportUpdate[] {
  const refused = [...new Set(refusals.map(({ key }) => PARAMETER_OF[key]))].join(" and ");
  return SETTING_KEYS.map((key) => {
    const own = refusals.filter((refusal) => refusal.key === key).map(({ message }) => message);
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

/** A list that is too long for a report is left out of it. */
function reportable(names: readonly string[] | undefined): string[] | undefined {
  return names === undefined || names.length > 64 ? undefined : [...names];
}
