import { z } from "@hono/zod-openapi";
import { SETTING_KEYS, type SettingChange, SettingsValues, SettingsVersion } from "../../protocol/settings/settings.ts";
import type { SetOutcome } from "../settings/desired.ts";
import type { ChangeOptions, DeviceTwin } from "../settings/device_settings.ts";
import { pendingKeys, stateOf } from "../settings/twin.ts";
import type { Progress } from "../store/port/twin.ts";
import { type RecordedEvent, SettingsEvent } from "../store/settings_history.ts";

export const Key = z.enum(SETTING_KEYS);
/** How the settings of a device stand. */
const State = z.enum(["in_sync", "pending", "rejected", "reverted"]);

const ProgressView = z.object({
  status: z.enum(["pending", "accepted", "applied", "rejected", "reverted"]),
  since_version: SettingsVersion.describe("The version that brought the value"),
  delivered: z.boolean().describe("Whether the device was told"),
  at_ms: z.number().int(),
  reason: z.string().nullable().describe("What the device said of it"),
  reason_code: z.string().nullable().describe("The same as a code; null for boards"),
}).openapi("SettingProgress");

/** The settings of a device. */
export const SettingsView = z.object({
  device_id: z.string(),
  version: SettingsVersion.describe("0: nothing was ever set. Also the ETag"),
  desired: SettingsValues.describe("What the device is to have; what is left out is left to the device"),
  reported: SettingsValues.extend({ version: SettingsVersion.nullable(), at_ms: z.number().int() }).nullable()
    .describe("What is in force, as far as the device has told"),
  pending: z.array(Key).describe("What the device has not reported yet"),
  state: State,
  progress: z.partialRecord(Key, ProgressView),
}).openapi("DeviceSettings");

/** One setting that changes. */
export const ChangeView = z.object({
  key: Key,
  from: z.union([z.number(), z.array(z.string())]).nullable(),
  to: z.union([z.number(), z.array(z.string())]).nullable(),
}).openapi("SettingChange");

/** How the settings of one of many devices stand. */
export const StandingView = z.object({
  device_id: z.string(),
  version: SettingsVersion.describe("0: nothing was ever set"),
  state: State,
  reason: z.string().nullable().describe("Why the device refused some of it, or took it back"),
  reason_code: z.string().nullable().describe("The same as a code; null for boards"),
}).openapi("SettingsStanding");

/** Settings after a change. */
export const ChangedView = SettingsView.extend({
  changed: z.boolean().describe("Whether there is a new version; not when all of it was so already"),
  changes: z.array(ChangeView),
  dry_run: z.boolean(),
}).openapi("ChangedSettings");

/** One event of the history. */
export const EventView = z.object({
  id: z.number().int(),
  at_ms: z.number().int(),
  last_at_ms: z.number().int().describe("When it last happened again"),
  times: z.number().int(),
  version: SettingsVersion.describe("The desired version at that time"),
  ok: z.boolean().nullable().describe("✓ or ✗; null where it is neither"),
  event: SettingsEvent,
}).openapi("SettingsEvent");

export function viewOf({ device, twin }: DeviceTwin): z.infer<typeof SettingsView> {
  const { reportedAt, reportedVersion } = twin;
  return {
    device_id: device.deviceId,
    version: twin.version,
    desired: twin.desired,
    reported: reportedAt === undefined
      ? null
      : { ...twin.reported, version: reportedVersion ?? null, at_ms: reportedAt },
    pending: [...pendingKeys(twin, device.auth)],
    state: stateOf(twin, device.auth),
    progress: Object.fromEntries(SETTING_KEYS.flatMap((key) => {
      const progress = twin.progress[key];
      return progress === undefined ? [] : [[key, progressView(progress)]];
    })),
  };
}

export function standingView({ device, twin }: DeviceTwin): z.infer<typeof StandingView> {
  const state = stateOf(twin, device.auth);
  const failed = SETTING_KEYS.map((key) => twin.progress[key]).find((progress) => progress?.status === state);
  const { reason = null, reasonCode: reason_code = null } = failed ?? {};
  return { device_id: device.deviceId, version: twin.version, state, reason, reason_code };
}

function progressView(progress: Progress): z.infer<typeof ProgressView> {
  const { status, since, delivered, at, reason = null, reasonCode: reason_code = null } = progress;
  return { status, since_version: since, delivered, at_ms: at, reason, reason_code };
}

export function changedView(
  { changed, changes, ...found }: SetOutcome & DeviceTwin,
  { dryRun = false }: ChangeOptions,
): z.infer<typeof ChangedView> {
  return { ...viewOf(found), changed, changes: changes.map(changeView), dry_run: dryRun };
}

export function changeView({ key, from, to }: SettingChange): z.infer<typeof ChangeView> {
  const side = (value: number | readonly string[] | undefined) =>
    value === undefined ? null : typeof value === "number" ? value : [...value];
  return { key, from: side(from), to: side(to) };
}

export function eventView({ id, at, lastAt, times, version, event }: RecordedEvent): z.infer<typeof EventView> {
  return { id, at_ms: at, last_at_ms: lastAt, times, version, ok: verdictOf(event), event };
}

/** ✓, ✗ or neither. */
function verdictOf(event: SettingsEvent): boolean | null {
  switch (event.kind) {
    case "set":
    case "delivered":
      return null;
    case "report":
      return event.status === "accepted" || event.status === "applied";
    case "outcome":
      return event.state === "in_sync";
    default:
      return event satisfies never;
  }
}
