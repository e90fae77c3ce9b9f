import { type CommandReason, commandReasonText } from "../../protocol/command/reason.ts";

/** Why a command is not queued: the inverter cannot do it, or it is not clear when and where it is for. */
export type QueueReason =
  | CommandReason
  /** The device has several, and none is named. */
  | { readonly code: "inverter_needed"; readonly inverters: readonly string[] }
  | { readonly code: "inverter_unknown"; readonly inverters: readonly string[] }
  /** Nothing was uploaded so far that would tell the registers. */
  | { readonly code: "profile_needed" }
  | { readonly code: "profile_unknown" }
  | { readonly code: "profile_differs"; readonly inverter: string; readonly profile: string }
  | { readonly code: "board_inverter"; readonly inverter: string }
  | { readonly code: "board_profile"; readonly profile: string }
  | { readonly code: "expired" }
  | { readonly code: "expires_before_start" }
  /** The writes that a register takes in a day; `date` in UTC. */
  | { readonly code: "writes_used_up"; readonly register: string; readonly date: string };

/** A reason, and where in the request it is: `parameters.value`. */
export interface QueueRefusal {
  readonly path: string;
  readonly reason: QueueReason;
}

/** A reason for those who read it. */
export function queueReasonText(reason: QueueReason): string {
  switch (reason.code) {
    case "inverter_needed":
      return `must say which one: ${reason.inverters.join(", ")}`;
    case "inverter_unknown":
      return `is not known; the device has ${reason.inverters.join(", ")}`;
    case "profile_needed":
      return "must be said: the device has uploaded nothing yet, so its registers are not known";
    case "profile_unknown":
      return "is not known";
    case "profile_differs":
      return `is not that of ${reason.inverter}, which is ${reason.profile}`;
    case "board_inverter":
      return `must be ${reason.inverter}: a board has one`;
    case "board_profile":
      return `must be ${reason.profile}: a board has no other`;
    case "expired":
      return "has passed";
    case "expires_before_start":
      return "must be after not_before";
    case "writes_used_up":
      return `the writes of ${reason.register} on ${reason.date} (UTC) are used up; an admin may override`;
    default:
      return commandReasonText(reason);
  }
}
