import type { Clock } from "../../platform/clock.ts";
import { statusOf, type UpdateStatusIo } from "../firmware/status.ts";
import type { MqttLink } from "./mqtt_link.ts";
import type { DeviceStates } from "../state/device_states.ts";
import { rolloutReasonText } from "../rollout/reason_text.ts";
import type { RolloutStore } from "../store/rollouts.ts";
import type { SecurityLog } from "../store/security_log.ts";
import { type Alarm, alarmsOf, type StoppedRollout } from "./alarms.ts";
import { diskRoom } from "./disk.ts";

const KINDS = ["firmware", "settings"] as const;

/** Where alarms come from. */
export interface AlarmsIo extends UpdateStatusIo {
  readonly dataDir: string;
  readonly states: Pick<DeviceStates, "of">;
  readonly securityLog: Pick<SecurityLog, "latest">;
  readonly rollouts: Readonly<Record<(typeof KINDS)[number], Pick<RolloutStore, "latest">>>;
  /** `undefined`: no broker is configured. */
  readonly mqttLink: () => MqttLink | undefined;
  readonly clock: Pick<Clock, "now">;
}

/** Entries of the security log and rollouts that are looked at. */
const LOOKED_AT = { validations: 1_000, rollouts: 50 };

/** What somebody should look after now. */
export function alarmsNow(io: AlarmsIo): readonly Alarm[] {
  const { devices, states, securityLog, mqttLink, dataDir, clock } = io;
  const all = devices.list();
  return alarmsOf({
    now: clock.now(),
    devices: all.map((device) => {
      const { state, since, reason } = states.of(device);
      return {
        deviceId: device.deviceId,
        weak: device.auth === "legacy",
        state,
        since,
        reason,
      };
    }),
    mqtt: mqttLink(),
    disk: diskRoom(dataDir),
    refusals: securityLog.latest({ limit: LOOKED_AT.validations }).flatMap(({ reason, at }) =>
      reason === "ok" ? [] : [at]
    ),
    rollouts: KINDS.flatMap((kind) => stopped(kind, io)),
    updates: all.map((device) => statusOf(device, io)),
  });
}

/** Those that nobody stopped. */
function stopped(kind: (typeof KINDS)[number], { rollouts }: AlarmsIo): readonly StoppedRollout[] {
  return rollouts[kind].latest(LOOKED_AT.rollouts).flatMap(({ id, rollout: { phase, reason, createdAt } }) => {
    if ((phase !== "paused" && phase !== "aborted") || reason === undefined) return [];
    if (reason.code === "paused_by" || reason.code === "aborted_by") return [];
    const text = rolloutReasonText(reason, kind);
    return [{ name: `${kind} rollout ${id}`, reason: text, paused: phase === "paused", startedAt: createdAt }];
  });
}
