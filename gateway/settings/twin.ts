import type { PendingValues } from "../../protocol/settings/changes.ts";
import { KEY_OF, type ReportUpdate } from "../../protocol/settings/report.ts";
import {
  differences,
  isSameValue,
  SETTING_KEYS,
  type SettingKey,
  type SettingsValues,
  valuesOf,
} from "../../protocol/settings/settings.ts";
import type { Progress, Twin } from "../store/port/twin.ts";

/** Boards have no last word but `accepted`: it is in force at their next upload. */
export type Auth = "signed" | "legacy";

type TwinState = "in_sync" | "pending" | "rejected" | "reverted";

/** The twin after setting all values; `undefined` when they are what it has already and none was refused. */
export function desire(twin: Twin, values: SettingsValues, auth: Auth, now: number): Twin | undefined {
  const failed = SETTING_KEYS.some((key) => isFailed(twin.progress[key]) && values[key] !== undefined);
  if (differences(twin.desired, values).length === 0 && !failed) return undefined;
  const version = twin.version + 1;
  const next = (key: SettingKey): Progress | undefined => {
    const progress = twin.progress[key];
    const same = isSameValue(twin.desired[key], values[key]);
    if (same && !isFailed(progress)) return progress;
    // Who cannot be told has nothing to report: a board cannot forget a value, and it always sends its own list.
    if (auth === "legacy" && (values[key] === undefined || key === "registers")) return undefined;
    return { since: version, status: "pending", delivered: false, at: now };
  };
  const progress = definedProgress(next);
  return { ...twin, version, desired: valuesOf(values), progress };
}

/** The values that wait to be reported. */
export function pendingValues({ desired, progress }: Twin): PendingValues {
  const waits = (key: SettingKey) => progress[key]?.status === "pending";
  return {
    poll: waits("poll_interval_s") ? desired.poll_interval_s : undefined,
    upload: waits("upload_interval_s") ? desired.upload_interval_s : undefined,
    registers: waits("registers") ? desired.registers : undefined,
    other: SETTING_KEYS.some((key) => waits(key) && desired[key] === undefined),
  };
}

/** The twin after an answer with the pending values has been written down; itself when that is no news. */
export function handedOut(twin: Twin): Twin {
  const isNews = (progress: Progress | undefined) => progress?.status === "pending" && !progress.delivered;
  if (!SETTING_KEYS.some((key) => isNews(twin.progress[key]))) return twin;
  return {
    ...twin,
    progress: definedProgress((key) => {
      const progress = twin.progress[key];
      return progress && isNews(progress) ? { ...progress, delivered: true } : progress;
    }),
  };
}

/** The twin after one line of a report; itself when the line is a repetition, or about values that were replaced. */
export function reportedOn(twin: Twin, update: ReportUpdate, auth: Auth, now: number): Twin {
  const key = KEY_OF[update.parameter];
  const progress = twin.progress[key];
  const value = valueOf(update);
  const concerned = progress !== undefined && concerns(progress, update, twin, value);
  if (concerned && RANK[update.status] <= RANK[progress.status]) return twin;
  const next = inForce(twin, update, value ?? (concerned ? twin.desired[key] : undefined), auth, now);
  if (!concerned) return next;
  const reason = update.error ?? update.warning ?? undefined;
  const { status, error_code: reasonCode } = update;
  const why = { ...(reason === undefined ? {} : { reason }), ...(reasonCode === undefined ? {} : { reasonCode }) };
  const reached = { ...progress, status, at: now, ...why };
  return { ...next, progress: { ...next.progress, [key]: reached } };
}

/** The settings that are not settled yet. */
export function pendingKeys({ progress }: Twin, auth: Auth): readonly SettingKey[] {
  return SETTING_KEYS.filter((key) => {
    const status = progress[key]?.status;
    return status === "pending" || (status === "accepted" && auth === "signed");
  });
}

/** The worst that is known: what was taken back or refused needs somebody. */
export function stateOf(twin: Twin, auth: Auth): TwinState {
  const has = (status: Progress["status"]) => SETTING_KEYS.some((key) => twin.progress[key]?.status === status);
  if (has("reverted")) return "reverted";
  if (has("rejected")) return "rejected";
  return pendingKeys(twin, auth).length > 0 ? "pending" : "in_sync";
}

/** A status only ever gives way to a later one: reports may come twice and late. */
const RANK = { pending: 0, accepted: 1, applied: 2, rejected: 3, reverted: 3 } as const;

function isFailed(progress: Progress | undefined): boolean {
  return progress?.status === "rejected" || progress?.status === "reverted";
}

/**
 * Whether a line is about the value that is desired now. A node names the version; a board means what it was told last,
 * and where it says the value, that has to be the one.
 */
function concerns(
  progress: Progress,
  { version, parameter, count }: ReportUpdate,
  twin: Twin,
  value: number | readonly string[] | undefined,
): boolean {
  if (version !== undefined) return version >= progress.since && version <= twin.version;
  if (!progress.delivered) return false;
  if (parameter === "register_list" && count !== undefined) return count === twin.desired.registers?.length;
  return value === undefined || isSameValue(value, twin.desired[KEY_OF[parameter]]);
}

/** Notes what the device says is in force now. */
function inForce(
  twin: Twin,
  update: ReportUpdate,
  value: number | readonly string[] | undefined,
  auth: Auth,
  now: number,
): Twin {
  const news = update.status === "applied" || update.status === "reverted" ||
    (update.status === "accepted" && auth === "legacy");
  if (!news) return twin;
  const key = KEY_OF[update.parameter];
  const known = value === undefined || (update.status === "reverted" && valueOf(update) === undefined)
    ? undefined
    : typeof value === "number"
    ? value
    : [...value];
  const reported = valuesOf({ ...twin.reported, [key]: known });
  const reportedVersion = update.version ?? twin.reportedVersion;
  return { ...twin, reported, reportedAt: now, ...(reportedVersion === undefined ? {} : { reportedVersion }) };
}

/** The value of a line, when it is of the kind that the parameter has. */
function valueOf({ parameter, value }: ReportUpdate): number | readonly string[] | undefined {
  return (typeof value === "number") === (parameter !== "register_list") ? value : undefined;
}

function definedProgress(of: (key: SettingKey) => Progress | undefined): Twin["progress"] {
  return Object.fromEntries(SETTING_KEYS.flatMap((key) => {
    const progress = of(key);
    return progress === undefined ? [] : [[key, progress]];
  }));
}
