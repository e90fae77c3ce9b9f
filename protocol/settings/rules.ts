import { boardRegisters, ecowatt } from "../profile/ecowatt.ts";
import { columnsOf, lookup, MAX_COLUMNS } from "../profile/lookup.ts";
import type { Profile } from "../profile/register.ts";
import type { BrokenRule, SettingsReason } from "./broken_rule.ts";
import { orderRefusals, reachabilityRefusals } from "./reachability.ts";
import { canonicalName, registersFor } from "./registers.ts";
import { isSameValue, type SettingsValues } from "./settings.ts";
import type { SettingsTarget } from "./target.ts";

/** Bounds of contract/1-link §5, in seconds. */
const POLL_SECONDS = { min: 0.1, max: 3_600 };
const UPLOAD_SECONDS = { min: 1, max: 86_400 };
/** Registers a board knows. */
const BOARD_REGISTERS = 10;

/**
 * Every reason why this device cannot have these settings (contract/1-link §5); none: it can. Asked when settings are
 * set, and again by the node that gets them.
 *
 * @example
 * ```ts
 * const target = { auth: "signed", profiles: [] } as const;
 * checkSettings({ poll_interval_s: 0.5, upload_interval_s: 30 }, target); // => []
 * const [refusal] = checkSettings({ poll_interval_s: 0.01 }, target);
 * refusal?.reason.code; // => "seconds_out_of_range"
 * ```
 */
export function checkSettings(settings: SettingsValues, target: SettingsTarget): readonly BrokenRule[] {
  const { poll_interval_s: poll, upload_interval_s: upload, registers } = settings;
  const profiles = target.auth === "legacy" ? [ecowatt] : target.profiles;
  const refusals = [
    ...secondsRefusals("poll_interval_s", poll, POLL_SECONDS, target.auth),
    ...secondsRefusals("upload_interval_s", upload, UPLOAD_SECONDS, target.auth),
    ...(registers === undefined ? [] : listRefusals(registers, profiles, target.auth)),
  ];
  // What follows from the values together is only worth saying of values that could be.
  return refusals.length > 0
    ? [...refusals, ...orderRefusals(settings, target)]
    : reachabilityRefusals(settings, target);
}

function secondsRefusals(
  key: "poll_interval_s" | "upload_interval_s",
  seconds: number | undefined,
  { min, max }: { readonly min: number; readonly max: number },
  auth: SettingsTarget["auth"],
): readonly BrokenRule[] {
  if (seconds === undefined) return [];
  const reasons: SettingsReason[] = [];
  if (!(seconds >= min && seconds <= max)) reasons.push({ code: "seconds_out_of_range", min, max });
  if (auth === "legacy" && !Number.isInteger(seconds)) reasons.push({ code: "not_whole_seconds" });
  else if (Math.abs(seconds * 1000 - Math.round(seconds * 1000)) > 1e-6) {
    reasons.push({ code: "not_whole_milliseconds" });
  }
  return reasons.map((reason) => ({ key, reason }));
}

function listRefusals(
  names: readonly string[],
  profiles: readonly Profile[],
  auth: SettingsTarget["auth"],
): readonly BrokenRule[] {
  const most = auth === "legacy" ? BOARD_REGISTERS : MAX_COLUMNS;
  const reasons: readonly SettingsReason[] = [
    ...(names.length >= 1 && names.length <= most ? [] : [{ code: "register_count", most } as const]),
    ...repeatedNames(names, profiles),
    ...unknownNames(names, profiles),
    ...(auth === "legacy" ? boardListRefusals(names) : profiles.flatMap((profile) => profileRefusals(names, profile))),
  ];
  return reasons.map((reason) => ({ key: "registers", reason }));
}

function repeatedNames(names: readonly string[], profiles: readonly Profile[]): readonly SettingsReason[] {
  const canonical = names.map((name) => canonicalName(profiles, name));
  const repeated = canonical.filter((name, i) => canonical.indexOf(name) !== i);
  return [...new Set(repeated)].map((register) => ({ code: "register_twice", register }));
}

function unknownNames(names: readonly string[], profiles: readonly Profile[]): readonly SettingsReason[] {
  if (profiles.length === 0) return [];
  const unknown = names.filter((name) => profiles.every((profile) => lookup(profile, name) === undefined));
  return [...new Set(unknown)].map((register) => ({ code: "register_unknown", register }));
}

/** An inverter with nothing to poll would be lost from sight; scale factors come on top of what is named. */
function profileRefusals(names: readonly string[], profile: Profile): readonly SettingsReason[] {
  const own = registersFor(profile, names);
  if (own.length === 0) return names.length === 0 ? [] : [{ code: "no_register_of_inverter", title: profile.title }];
  const columns = columnsOf(profile, own);
  return columns.ok || columns.fault !== "too_many" ? [] : [{ code: "too_many_columns", text: columns.detail }];
}

/** Boards acknowledge a list and read and send the same six registers as before (contract/2-boards §6). */
function boardListRefusals(names: readonly string[]): readonly SettingsReason[] {
  if (isSameValue(names.map((name) => canonicalName([ecowatt], name)), boardRegisters)) return [];
  return [{ code: "fixed_registers", registers: boardRegisters }];
}
