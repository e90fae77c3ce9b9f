import type { StateReason } from "../store/port/device_state.ts";

/** Why a device is in its state, in one sentence for people; times in it are RFC 3339 UTC. */
export function stateReasonText(reason: StateReason): string {
  switch (reason.code) {
    case "never_heard":
      return "nothing was heard of it yet";
    case "not_heard_since_start":
      return "it was not heard of since the gateway started";
    case "silent":
      return `it was last heard of at ${new Date(reason.heardAt).toISOString()}`;
    case "silent_at_night":
      return "it is silent, and it is night";
    case "silent_after_fading":
      return "it is silent, after its power faded away";
    case "night_power":
      return `it is night, and it gives no more than ${reason.watts} W`;
    case "samples_arrive":
      return `samples arrive${clock(reason)}`;
    case "first_samples_awaited":
      return "it is heard of, and its first samples are awaited";
    case "samples_awaited":
      return `its inverters answer, and their samples are awaited${clock(reason)}`;
    case "last_upload_unreadable":
      return "samples arrived, but its last upload could not be read";
    case "samples_unreadable":
      return `it is heard of, but no samples could be read${duration(reason.minutes)}`;
    case "samples_missing":
      return `it is heard of, but no samples came${duration(reason.minutes)}`;
    case "samples_missing_of_node":
      return `its inverters answer, but no samples came${duration(reason.minutes)}`;
    case "told_by_node":
      return toldText(reason);
    case "recorded":
      return reason.text;
    default:
      return reason satisfies never;
  }
}

/** The largest unit of which there are about two. */
export function unitOf(ms: number): { readonly ms: number; readonly name: string } {
  return UNITS.find((unit) => Math.abs(ms) >= 1.9 * unit.ms) ?? MINUTES;
}

const MINUTES = { ms: 60_000, name: "minutes" };
const UNITS = [{ ms: 86_400_000, name: "days" }, { ms: 3_600_000, name: "hours" }, MINUTES];

function clock({ clockAheadMs: ahead }: { readonly clockAheadMs?: number | undefined }): string {
  if (ahead === undefined) return "";
  const { ms, name } = unitOf(ahead);
  return `, but its clock is ${Math.round(Math.abs(ahead) / ms)} ${name} ${ahead > 0 ? "ahead" : "behind"}`;
}

function duration(minutes: number | undefined): string {
  return minutes === undefined ? "" : ` for ${minutes} minutes`;
}

function toldText({ inverter, text, others }: Extract<StateReason, { code: "told_by_node" }>): string {
  if (inverter === undefined) return text;
  return `${inverter}: ${text}${others > 0 ? ` (and ${others} more)` : ""}`;
}
