import type { Clock } from "../../platform/clock.ts";
import { statusOf, type UpdateStatusIo } from "../firmware/status.ts";
import type { MqttLink } from "./mqtt_link.ts";
import type { DeviceStates } from "../state/device_states.ts";
import { stateReasonText } from "../state/reason_text.ts";
import type { FirmwareRollouts } from "../store/firmware_rollouts.ts";
import type { SecurityLog } from "../store/security_log.ts";
import type { Rollouts } from "../store/settings_rollouts.ts";
import { type Alarm, alarmsOf, type StoppedRollout } from "./alarms.ts";
import { diskRoom } from "./disk.ts";

/** Where alarms come from. */
export interface AlarmsIo extends UpdateStatusIo {
  readonly dataDir: string;
  readonly states: Pick<DeviceStates, "of">;
  readonly securityLog: Pick<SecurityLog, "latest">;
  readonly rolloutStates: Pick<Rollouts, "latest">;
  readonly firmwareRollouts: Pick<FirmwareRollouts, "latest">;
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
        reason: stateReasonText(reason),
      };
    }),
    mqtt: mqttLink(),
    disk: diskRoom(dataDir),
    refusals: securityLog.latest({ limit: LOOKED_AT.validations }).flatMap(({ reason, at }) =>
      reason === "ok" ? [] : [at]
    ),
    rollouts: [...stoppedFirmware(io), ...stoppedSettings(io)],
    updates: all.map((device) => statusOf(device, io)),
  });
}

function stoppedFirmware({ firmwareRollouts }: AlarmsIo): readonly StoppedRollout[] {
  return firmwareRollouts.latest(LOOKED_AT.rollouts).flatMap(({ id, rollout: { phase, reason, createdAt } }) => {
    const stopped = phase === "paused" || phase === "aborted";
    if (!stopped || reason === undefined || reason.startsWith(`${phase} by `)) return [];
    return [{ name: `firmware rollout ${id}`, reason, paused: phase === "paused", startedAt: createdAt }];
  });
}

function stoppedSettings({ rolloutStates }: AlarmsIo): readonly StoppedRollout[] {
  return rolloutStates.latest(LOOKED_AT.rollouts).flatMap(({ id, rollout: { phase, reason, createdAt } }) =>
    phase === "failed"
      ? [{ name: `settings rollout ${id}`, reason: reason ?? "", paused: false, startedAt: createdAt }]
      : []
  );
}
