import { boardRegisters, ecowatt } from "../profile/ecowatt.ts";
import { columnsOf, lookup, MAX_COLUMNS } from "../profile/lookup.ts";
import type { Profile } from "../profile/register.ts";
import { orderRefusals, reachabilityRefusals } from "./reachability.ts";
import { canonicalName, registersFor } from "./registers.ts";
import { isSameValue, type SettingsValues } from "./settings.ts";
import type { SettingsRefusal, SettingsTarget } from "./target.ts";

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
 * refusal?.message; // => "must be 0.1 to 3600 seconds"
 * ```
 */
export function checkSettings(settings: SettingsValues, target: SettingsTarget): readonly SettingsRefusal[] {
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
): readonly SettingsRefusal[] {
  if (seconds === undefined) return [];
  const refusals: SettingsRefusal[] = [];
  if (!(seconds >= min && seconds <= max)) refusals.push({ key, message: `must be ${min} to ${max} seconds` });
  if (auth === "legacy" && !Number.isInteger(seconds)) {
    refusals.push({ key, message: "must be whole seconds: this board cannot do fractions" });
  } else if (Math.abs(seconds * 1000 - Math.round(seconds * 1000)) > 1e-6) {
    refusals.push({ key, message: "must be whole milliseconds" });
  }
  return refusals;
}

function listRefusals(
  names: readonly string[],
  profiles: readonly Profile[],
  auth: SettingsTarget["auth"],
): readonly SettingsRefusal[] {
  const most = auth === "legacy" ? BOARD_REGISTERS : MAX_COLUMNS;
  const messages = [
    ...(names.length >= 1 && names.length <= most ? [] : [`must name 1 to ${most} registers`]),
    ...repeatedNames(names, profiles),
    ...unknownNames(names, profiles),
    ...(auth === "legacy" ? boardListRefusals(names) : profiles.flatMap((profile) => profileRefusals(names, profile))),
  ];
  return messages.map((message) => ({ key: "registers", message }));
}

function repeatedNames(names: readonly string[], profiles: readonly Profile[]): readonly string[] {
  const canonical = names.map((name) => canonicalName(profiles, name));
  const repeated = canonical.filter((name, i) => canonical.indexOf(name) !== i);
  return [...new Set(repeated)].map((name) => `must not name ${name} twice`);
}

function unknownNames(names: readonly string[], profiles: readonly Profile[]): readonly string[] {
  if (profiles.length === 0) return [];
  const unknown = names.filter((name) => profiles.every((profile) => lookup(profile, name) === undefined));
  return [...new Set(unknown)].map((name) => `no inverter of this device has a register ${name}`);
}

/** An inverter with nothing to poll would be lost from sight; scale factors come on top of what is named. */
function profileRefusals(names: readonly string[], profile: Profile): readonly string[] {
  const own = registersFor(profile, names);
  if (own.length === 0) return names.length === 0 ? [] : [`names no register of ${profile.title}`];
  const columns = columnsOf(profile, own);
  return columns.ok || columns.fault !== "too_many" ? [] : [columns.detail];
}

/** Boards acknowledge a list and read and send the same six registers as before (contract/2-boards §6). */
function boardListRefusals(names: readonly string[]): readonly string[] {
  if (isSameValue(names.map((name) => canonicalName([ecowatt], name)), boardRegisters)) return [];
  return [`this board always sends ${boardRegisters.join(", ")}: it takes no other list`];
}
