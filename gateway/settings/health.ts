import type { Device } from "../store/devices.ts";
import type { Health } from "./rollout.ts";
import type { Member, Rollout } from "../store/port/settings_rollout.ts";
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
  /** `undefined`: no longer registered. */
  readonly device: Pick<Device, "auth"> | undefined;
  readonly twin: Twin;
  /** When its newest samples were received, unix milliseconds. */
  readonly lastUploadAt: number | undefined;
  readonly now: number;
  /** Since when this gateway can be reached: nobody is silent because it was down. */
  readonly upSince: number;
}

/** How a device is doing with the settings that a rollout gave it. */
export function healthOf(member: Member, rollout: Rollout, seen: Observation): Health {
  const { device, twin, now } = seen;
  if (device === undefined) return { kind: "left", reason: "is no longer registered" };
  if (twin.version !== member.version) return { kind: "left", reason: "was set by somebody else since" };
  const state = stateOf(twin, device.auth);
  const waitMs = SILENT_INTERVALS * 1000 * uploadSeconds(member, twin) + SLACK_MS;
  switch (state) {
    case "rejected":
    case "reverted":
      return { kind: "sick", reason: `${state}: ${reasonOf(twin)}` };
    case "pending": {
      const within = rollout.applyWithinMs ?? waitMs;
      const from = rollout.applyWithinMs === undefined ? Math.max(member.setAt ?? 0, seen.upSince) : member.setAt ?? 0;
      return now - from <= within
        ? { kind: "waiting" }
        : { kind: "overdue", reason: "did not apply the settings in time" };
    }
    case "in_sync":
      return uploads(member, seen, waitMs);
    default:
      return state satisfies never;
  }
}

/** Uploads have to come since it was set, and to keep coming. */
function uploads({ setAt = 0 }: Member, { lastUploadAt = 0, now, upSince }: Observation, waitMs: number): Health {
  if (lastUploadAt > setAt && now - lastUploadAt <= waitMs) return { kind: "healthy" };
  if (now - Math.max(lastUploadAt, setAt, upSince) <= waitMs) return { kind: "waiting" };
  return { kind: "sick", reason: "uploads no more" };
}

/** The longest of the intervals before and after: while they change, either may be in force. */
function uploadSeconds({ previous }: Member, { desired, reported }: Twin): number {
  const known = [previous, desired, reported].flatMap((values) => values?.upload_interval_s ?? []);
  return known.length === 0 ? UNKNOWN_UPLOAD_S : Math.max(...known);
}

function reasonOf({ progress }: Twin): string {
  const reasons = Object.values(progress).flatMap((one) =>
    one?.status === "rejected" || one?.status === "reverted" ? one.reason ?? [] : []
  );
  return reasons.join("; ") || "no reason given";
}
