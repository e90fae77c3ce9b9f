import type { Outcome } from "../rollout/effect.ts";
import type { Device } from "../store/devices.ts";
import type { DeviceReason } from "../store/port/rollout_reason.ts";
import type { SettingsMember, SettingsRollout } from "../store/port/settings_rollout.ts";
import { stateOf } from "./twin.ts";
import type { Twin } from "../store/port/twin.ts";

/** What is assumed of a device that never said how often it uploads, in seconds. */
const UNKNOWN_UPLOAD_S = 900;
/** Upload intervals without an upload after which a device counts as silent. */
const SILENT_INTERVALS = 3;
/** What networks and restarts may take on top, in milliseconds. */
const SLACK_MS = 60_000;

/** What is known of a device that a rollout has set. */
interface Observation {
  readonly device: Pick<Device, "auth">;
  readonly twin: Twin;
  /** When its newest samples were received, unix milliseconds. */
  readonly lastUploadAt: number | undefined;
  readonly now: number;
  /** Since when this gateway can be reached: nobody is silent because it was down. */
  readonly upSince: number;
}

/** How a device is doing with the settings that a rollout gave it. */
export function healthOf(member: SettingsMember, rollout: SettingsRollout, seen: Observation): Outcome {
  const { device, twin, now } = seen;
  if (twin.version !== member.mark?.version) return { kind: "left", reason: { code: "set_by_others" } };
  const state = stateOf(twin, device.auth);
  const waitMs = SILENT_INTERVALS * 1000 * uploadSeconds(member, twin) + SLACK_MS;
  switch (state) {
    case "rejected":
    case "reverted":
      return failed({ code: state, text: reasonOf(twin) });
    case "pending": {
      if (rollout.wave > 0) return { kind: "pending" }; // who is away among the rest gets them when it comes back
      const within = rollout.goal.applyWithinMs;
      const setAt = member.begunAt ?? 0;
      const from = within === undefined ? Math.max(setAt, seen.upSince) : setAt;
      return now - from <= (within ?? waitMs) ? { kind: "pending" } : failed({ code: "not_applied_in_time" });
    }
    case "in_sync":
      return uploads(member, seen, waitMs);
    default:
      return state satisfies never;
  }
}

/** Uploads have to come since it was set, and to keep coming. */
function uploads(
  { begunAt: setAt = 0 }: SettingsMember,
  { lastUploadAt = 0, now, upSince }: Observation,
  waitMs: number,
): Outcome {
  if (lastUploadAt > setAt && now - lastUploadAt <= waitMs) return { kind: "succeeded" };
  if (now - Math.max(lastUploadAt, setAt, upSince) <= waitMs) return { kind: "pending" };
  return failed({ code: "silent" });
}

/** It is put back with all the others, and not tried again. */
function failed(reason: DeviceReason): Outcome {
  return { kind: "failed", reason, final: true };
}

/** The longest of the intervals before and after: while they change, either may be in force. */
function uploadSeconds({ mark }: SettingsMember, { desired, reported }: Twin): number {
  const known = [mark?.previous, desired, reported].flatMap((values) => values?.upload_interval_s ?? []);
  return known.length === 0 ? UNKNOWN_UPLOAD_S : Math.max(...known);
}

/** In the device's words, if it said any. */
function reasonOf({ progress }: Twin): string | undefined {
  const reasons = Object.values(progress).flatMap((one) =>
    one?.status === "rejected" || one?.status === "reverted" ? one.reason ?? [] : []
  );
  return reasons.length > 0 ? reasons.join("; ") : undefined;
}
