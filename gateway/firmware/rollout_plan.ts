import { compareVersions } from "../../ota/manifest/version.ts";
import type { FirmwareImages } from "../../ota/repository/firmware_repository.ts";
import { Fault } from "../fault.ts";
import { deviceReasonText } from "../rollout/reason_text.ts";
import { startRollout } from "../rollout/rollout.ts";
import { type DeviceSelection, selected, takenDevices } from "../rollout/selection.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { FirmwareSessions } from "../store/firmware_sessions.ts";
import type { Labels } from "../store/labels.ts";
import type { FirmwareRollout } from "../store/port/firmware_rollout.ts";
import type { MaintenanceWindow, RolloutPolicy } from "../store/port/rollout.ts";
import type { RolloutStores } from "../store/rollouts.ts";
import { misfit } from "./eligibility.ts";

/** The size of a wave, and how much of it has to be updated before the next one begins; all when left out. */
interface WavePlan {
  readonly size: Amount;
  readonly successes?: Amount | undefined;
}

/** So many devices, or so many percent of all. */
export type Amount = { readonly devices: number } | { readonly percent: number };

/** Which firmware goes where, and how carefully. */
export interface FirmwarePlan extends DeviceSelection {
  readonly firmware: { readonly model: string; readonly version: string };
  /** What they leave over goes in one more wave. */
  readonly waves: readonly WavePlan[];
  readonly pauseAfter?: number | undefined;
  readonly abortAfter?: number | undefined;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly timeoutMs: number;
  readonly jitterMs: number;
  readonly window?: MaintenanceWindow | undefined;
  readonly by: string;
}

export interface FirmwarePlanIo {
  readonly firmware: FirmwareImages;
  readonly devices: Devices;
  readonly labels: Labels;
  readonly rollouts: Pick<RolloutStores, "firmware">;
  readonly firmwareSessions: FirmwareSessions;
}

/** The longest pause between two attempts. */
const MAX_BACKOFF_MS = 86_400_000;

/**
 * The rollout that a plan asks for. Devices that run the version or a newer one are left out. Throws `Fault`: `not_found` for a
 * firmware or device, `refused` with every reason of every device, `conflict` when a device is in another rollout.
 */
export function planned(plan: FirmwarePlan, io: FirmwarePlanIo, now: number): FirmwareRollout {
  const { model, version } = plan.firmware;
  const firmware = io.firmware.find(model, version);
  if (!firmware) throw new Fault("not_found", `There is no firmware ${version} of ${model}`);
  const devices = selected({ ...plan, model: plan.model ?? (plan.devices ? undefined : model) }, io).filter(
    (device) => {
      const running = io.firmwareSessions.find(device)?.current_version;
      return running === undefined || compareVersions(version, running) > 0;
    },
  );
  if (devices.length === 0) throw new Fault("refused", `Every device of the selection runs ${version} or newer`);
  const fields = devices.flatMap((device) => {
    const reason = misfit(device, {}, firmware);
    return reason === undefined ? [] : [{ path: device.deviceId, message: deviceReasonText(reason) }];
  });
  if (fields.length > 0) {
    throw new Fault("refused", "The firmware is not for all of these devices", { fields: fields.slice(0, 1_000) });
  }
  requireFree(devices, io);
  const names = devices.map(({ deviceId }) => deviceId);
  return startRollout(
    { goal: { model, version }, by: plan.by, policy: policyOf(plan, names.length), devices: names },
    now,
  );
}

function requireFree(devices: readonly Device[], { rollouts }: FirmwarePlanIo): void {
  const taken = takenDevices(rollouts.firmware);
  for (const { deviceId } of devices) {
    const busy = taken.get(deviceId);
    if (busy !== undefined) throw new Fault("conflict", `Cannot update ${deviceId}: rollout ${busy} is not over`);
  }
}

function policyOf(plan: FirmwarePlan, total: number): RolloutPolicy {
  const { pauseAfter, abortAfter, window } = plan;
  return {
    waves: wavesOf(plan.waves, total),
    attempts: plan.attempts,
    backoffMs: plan.backoffMs,
    maxBackoffMs: Math.max(plan.backoffMs, MAX_BACKOFF_MS),
    timeoutMs: plan.timeoutMs,
    jitterMs: plan.jitterMs,
    ...(pauseAfter === undefined ? {} : { pauseAfter }),
    ...(abortAfter === undefined ? {} : { abortAfter }),
    ...(window === undefined ? {} : { window }),
  };
}

/** Waves in devices: never more than there are, a percentage is rounded up, and all devices are in one. */
function wavesOf(plans: readonly WavePlan[], total: number): RolloutPolicy["waves"] {
  const waves: { devices: number; successes: number }[] = [];
  let left = total;
  for (const { size, successes } of plans) {
    const devices = Math.min(left, amount(size, total));
    if (devices === 0) break;
    waves.push({ devices, successes: successes ? Math.min(devices, amount(successes, devices)) : devices });
    left -= devices;
  }
  return left > 0 ? [...waves, { devices: left, successes: 0 }] : waves;
}

function amount(amount: Amount, whole: number): number {
  return "devices" in amount ? amount.devices : Math.max(1, Math.ceil(whole * amount.percent / 100));
}
