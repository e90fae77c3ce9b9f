import type { UpdateStatus } from "../firmware/status.ts";
import type { MqttLink } from "./mqtt_link.ts";
import type { DeviceState, StateReason } from "../store/port/device_state.ts";
import type { DiskRoom } from "./disk.ts";

/** How bad it is, the worst first. */
export const SEVERITIES = ["error", "warning", "notice"] as const;
type Severity = typeof SEVERITIES[number];

/** What is the matter. */
export type AlarmReason =
  | { readonly code: "device_fault" | "device_stale"; readonly of: StateReason }
  | { readonly code: "disk_low"; readonly freeBytes: number }
  | { readonly code: "broker_unreachable"; readonly trouble: string | undefined }
  | { readonly code: "many_refusals"; readonly count: number }
  | { readonly code: "rollout_paused" | "rollout_stopped"; readonly why: string }
  | {
    readonly code: "update_failed" | "update_rolled_back";
    readonly version: string | undefined;
    readonly why: string | undefined;
  }
  | { readonly code: "weak_devices"; readonly first: string; readonly count: number };

/** Something that somebody should look after. */
export interface Alarm {
  readonly severity: Severity;
  readonly kind: "device" | "disk" | "mqtt" | "security" | "weak_devices" | "rollout" | "firmware";
  /** What it is about: a device, a rollout; `undefined`: the gateway itself. */
  readonly about: string | undefined;
  readonly reason: AlarmReason;
  /** Unix milliseconds; `undefined`: unknown. */
  readonly since: number | undefined;
}

/** What alarms are told from. Times in unix milliseconds. */
export interface AlarmFacts {
  readonly now: number;
  readonly devices: readonly {
    readonly deviceId: string;
    readonly weak: boolean;
    readonly state: DeviceState;
    readonly since: number;
    readonly reason: StateReason;
  }[];
  /** The way to the broker; `undefined`: none is configured. */
  readonly mqtt: Pick<MqttLink, "connected" | "since" | "trouble"> | undefined;
  readonly disk: DiskRoom | undefined;
  /** When device requests and logins were refused, the newest first. */
  readonly refusals: readonly number[];
  readonly rollouts: readonly StoppedRollout[];
  readonly updates: readonly UpdateStatus[];
}

/** A rollout that stopped because of what went wrong, not because somebody said so. */
export interface StoppedRollout {
  /** `firmware rollout 3` */
  readonly name: string;
  readonly reason: string;
  /** Whether it waits for somebody's word. */
  readonly paused: boolean;
  readonly startedAt: number;
}

const LOW_SHARE = 0.05;
const LOW_BYTES = 512 * 2 ** 20;
const FULL_BYTES = 16 * 2 ** 20;
const BURST = 10;
const BURST_MS = 3_600_000;
/** A failure that nobody did anything about for so long is no news. */
const NEWS_MS = 7 * 86_400_000;

/** All alarms, the worst first, then the oldest. */
export function alarmsOf(facts: AlarmFacts): readonly Alarm[] {
  const all = [
    ...facts.devices.flatMap(ofDevice),
    ...ofDisk(facts.disk),
    ...ofMqtt(facts.mqtt),
    ...ofRefusals(facts.refusals, facts.now),
    ...facts.rollouts.flatMap((rollout) => ofRollout(rollout, facts.now)),
    ...facts.updates.flatMap((update) => ofUpdate(update, facts.now)),
    ...ofWeak(facts.devices),
  ];
  const rank = ({ severity }: Alarm) => SEVERITIES.indexOf(severity);
  return all.sort((one, other) => rank(one) - rank(other) || (one.since ?? facts.now) - (other.since ?? facts.now));
}

function ofDevice({ deviceId: about, state, since, reason: of }: AlarmFacts["devices"][number]): readonly Alarm[] {
  switch (state) {
    case "fault":
      return [{ severity: "error", kind: "device", about, reason: { code: "device_fault", of }, since }];
    case "stale":
      return [{ severity: "warning", kind: "device", about, reason: { code: "device_stale", of }, since }];
    case "ok":
    case "asleep":
      return [];
    default:
      return state satisfies never;
  }
}

function ofDisk(disk: DiskRoom | undefined): readonly Alarm[] {
  if (disk === undefined || disk.freeBytes >= Math.min(LOW_BYTES, LOW_SHARE * disk.totalBytes)) return [];
  return [{
    severity: disk.freeBytes < FULL_BYTES ? "error" : "warning",
    kind: "disk",
    about: undefined,
    reason: { code: "disk_low", freeBytes: disk.freeBytes },
    since: undefined,
  }];
}

function ofMqtt(link: AlarmFacts["mqtt"]): readonly Alarm[] {
  if (link === undefined || link.connected) return [];
  const { since, trouble } = link;
  return [{
    severity: "warning",
    kind: "mqtt",
    about: undefined,
    reason: { code: "broker_unreachable", trouble },
    since,
  }];
}

function ofRefusals(refusals: readonly number[], now: number): readonly Alarm[] {
  const recent = refusals.filter((at) => now - at < BURST_MS);
  if (recent.length < BURST) return [];
  return [{
    severity: "warning",
    kind: "security",
    about: undefined,
    reason: { code: "many_refusals", count: recent.length },
    since: recent.at(-1),
  }];
}

function ofRollout({ name, reason, paused, startedAt }: StoppedRollout, now: number): readonly Alarm[] {
  if (!paused && now - startedAt >= NEWS_MS) return [];
  return [{
    severity: paused ? "error" : "warning",
    kind: "rollout",
    about: name,
    reason: { code: paused ? "rollout_paused" : "rollout_stopped", why: reason },
    since: undefined,
  }];
}

function ofUpdate(update: UpdateStatus, now: number): readonly Alarm[] {
  const { state, device_id: about, version, reason, changed_at_ms: since } = update;
  if ((state !== "failed" && state !== "rolled_back") || now - (since ?? now) >= NEWS_MS) return [];
  return [{
    severity: "warning",
    kind: "firmware",
    about,
    reason: {
      code: state === "failed" ? "update_failed" : "update_rolled_back",
      version: version ?? undefined,
      why: reason ?? undefined,
    },
    since: since ?? undefined,
  }];
}

function ofWeak(devices: AlarmFacts["devices"]): readonly Alarm[] {
  const weak = devices.filter(({ weak }) => weak).map(({ deviceId }) => deviceId);
  if (weak.length === 0) return [];
  const [first = ""] = weak;
  return [{
    severity: "notice",
    kind: "weak_devices",
    about: weak.length === 1 ? first : undefined,
    reason: { code: "weak_devices", first, count: weak.length },
    since: undefined,
  }];
}
