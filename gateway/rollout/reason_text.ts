import type { DeviceReason, RolloutReason } from "../store/port/rollout_reason.ts";
import type { Effect } from "./effect.ts";

const NO_REASON = "no reason given";

/** Why a rollout stopped, in one sentence for people. */
export function rolloutReasonText(reason: RolloutReason, kind: Effect<unknown, unknown>["kind"]): string {
  switch (reason.code) {
    case "paused_by":
      return `paused by ${reason.by}`;
    case "aborted_by":
      return `${kind === "firmware" ? "aborted" : "stopped"} by ${reason.by}`;
    case "devices_failed": {
      const { failed, device, why } = reason;
      const text = `${device}: ${why ? deviceReasonText(why) : NO_REASON}`;
      return kind === "firmware" ? `${failed} failed, the last one ${text}` : text;
    }
    case "too_few":
      return `wave ${reason.wave + 1}: ${reason.succeeded} updated, ${reason.needed} needed`;
    case "nobody_left":
      return "none of those who went first is left";
    case "recorded":
      return reason.text;
    default:
      return reason satisfies never;
  }
}

/** What a device failed with or left for, in words that go on from its name. */
export function deviceReasonText(reason: DeviceReason): string {
  switch (reason.code) {
    case "unregistered":
      return "is no longer registered";
    case "no_report_in_time":
      return "did not report in time";
    case "runs_newer":
      return `runs ${reason.version}, which is newer`;
    case "other_model":
      return `is a ${reason.model}, the firmware is for ${reason.needed}`;
    case "other_audience":
      return `takes no image for ${reason.audience}s`;
    case "version_too_old":
      return `runs ${reason.version}, the firmware needs ${reason.needed} before`;
    case "sequence_too_low":
      return `takes nothing up to sequence ${reason.floor}, the firmware has ${reason.sequence}`;
    case "version_unchanged":
      return `took every chunk and still runs ${reason.version}`;
    case "download_broke_off":
      return `broke off after ${reason.received} of ${reason.total} chunks`;
    case "checks_failed":
      return `its checks failed: ${reason.text ?? NO_REASON}`;
    case "rolled_back":
      return `rolled back: ${reason.text ?? NO_REASON}`;
    case "update_failed":
      return reason.text ?? NO_REASON;
    case "set_by_others":
      return "was set by somebody else since";
    case "refused":
      return reason.text;
    case "rejected":
    case "reverted":
      return `${reason.code}: ${reason.text ?? NO_REASON}`;
    case "not_applied_in_time":
      return "did not apply the settings in time";
    case "silent":
      return "uploads no more";
    case "recorded":
      return reason.text;
    default:
      return reason satisfies never;
  }
}
