import { PARAMETER_OF, type ReportStatus, type ReportUpdate } from "../../protocol/settings/report.ts";
import { type BrokenRule, settingsReasonText } from "../../protocol/settings/broken_rule.ts";
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
  refusals: readonly BrokenRule[],
  inForce: SettingsValues,
): readonly ReportUpdate[] {
  const refused = [...new Set(refusals.map(({ key }) => PARAMETER_OF[key]))].join(" and ");
  return SETTING_KEYS.map((key) => {
    const own = refusals.filter((refusal) => refusal.key === key).map(({ reason }) => reason);
    if (own.length === 0 && isSameValue(values[key], inForce[key])) return lineOf(key, version, "applied", values);
    const error = own.map(settingsReasonText).join("; ") || `not applied, because ${refused} was refused`;
    const error_code = own[0]?.code ?? "others_refused";
    return { ...lineOf(key, version, "rejected", values), error: error.slice(0, MAX_TEXT), error_code };
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
  reason: RevertReason,
): readonly ReportUpdate[] {
  return SETTING_KEYS.filter((key) => !isSameValue(values[key], good[key])).map((key) => ({
    ...lineOf(key, version, "reverted", good),
    error: revertReasonText(reason).slice(0, MAX_TEXT),
    error_code: reason.code,
  }));
}

/** Why settings were taken back. */
export type RevertReason =
  /** Who worked before them did not any more. */
  | { readonly code: "stopped_working"; readonly parties: readonly FailedParty[] }
  /** The node was started again and again, and these had not worked yet. */
  | { readonly code: "not_proven"; readonly starts: number; readonly waiting: readonly string[] };

/** Who did not work any more: the gateway, or an inverter. */
export interface FailedParty {
  readonly party: string;
  /** Upload intervals without success. */
  readonly strikes: number;
  /** What was last said of it. */
  readonly message: string;
}

/** The reason for those who read it. */
export function revertReasonText(reason: RevertReason): string {
  switch (reason.code) {
    case "stopped_working":
      return reason.parties.map(({ party, strikes, message }) =>
        `${party} did not work for ${strikes} upload intervals, and did before: ${message}`
      ).join("; ");
    case "not_proven":
      return `the node was started ${reason.starts} times before these had worked again: ${reason.waiting.join(", ")}`;
    default:
      return reason satisfies never;
  }
}

/** A list that is too long for a report is left out of it. */
function reportable(names: readonly string[] | undefined): string[] | undefined {
  return names === undefined || names.length > 64 ? undefined : [...names];
}
