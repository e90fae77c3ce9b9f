import { stateReasonText } from "../state/reason_text.ts";
import type { AlarmReason } from "./alarms.ts";

/** An alarm for those who read it. */
interface AlarmText {
  readonly message: string;
  /** What helps. */
  readonly advice: string;
}

/** What is the matter, and what helps. */
export function alarmText(reason: AlarmReason): AlarmText {
  switch (reason.code) {
    case "device_fault":
      return text(stateReasonText(reason.of), "Look at the inverter and its wiring");
    case "device_stale":
      return text(stateReasonText(reason.of), "Look whether it has power and network; on a node: ecowatt doctor");
    case "disk_low":
      return text(
        `The disk has ${Math.floor(reason.freeBytes / 2 ** 20)} MiB left`,
        "Make room, or keep samples for fewer days (retention_days); a full disk refuses uploads",
      );
    case "broker_unreachable":
      return text(
        `The MQTT broker cannot be reached${because(reason.trouble)}`,
        "Look whether it runs and takes these credentials",
      );
    case "many_refusals":
      return text(
        `At least ${reason.count} requests of devices or logins were refused within an hour`,
        "The security log tells from where, and why",
      );
    case "rollout_paused":
    case "rollout_stopped":
      return text(`It stopped by itself: ${reason.why}`, ROLLOUT_ADVICE[reason.code]);
    case "update_failed":
    case "update_rolled_back":
      return text(
        `Its update to ${reason.version ?? "another version"} ${BECAME[reason.code]}${because(reason.why)}`,
        "It goes on with the version it had; release a better one",
      );
    case "weak_devices":
      return text(
        `${whoSigns(reason)} uploads only: somebody on its network could answer in the gateway's place`,
        "Keep boards on a network of their own until their firmware signs everything",
      );
    default:
      return reason satisfies never;
  }
}

const ROLLOUT_ADVICE = {
  rollout_paused: "Find out what went wrong on those devices, then resume or abort it",
  rollout_stopped: "Find out what went wrong on those devices before you start another one",
};
const BECAME = { update_failed: "failed", update_rolled_back: "was rolled back" };

function text(message: string, advice: string): AlarmText {
  return { message, advice };
}

function because(why: string | undefined): string {
  return why === undefined ? "" : `: ${why}`;
}

function whoSigns({ first, count }: { readonly first: string; readonly count: number }): string {
  return count === 1 ? `${first} signs` : `${first} and ${count - 1} more sign`;
}
