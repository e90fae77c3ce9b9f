import type { Logger } from "@logtape/logtape";
import { next, type RolloutEvent } from "../rollout/rollout.ts";
import type { Device } from "../store/devices.ts";
import type { FirmwareRollouts } from "../store/firmware_rollouts.ts";
import type { FirmwareSessions, Session } from "../store/firmware_sessions.ts";

export interface UpdateLogIo {
  readonly firmwareRollouts: FirmwareRollouts;
  readonly firmwareSessions: FirmwareSessions;
  readonly log: Logger;
}

/** What happened to a device's update, for its history. */
interface Happening {
  readonly version: string;
  readonly kind: string;
  readonly detail?: string | undefined;
}

/** Keeps where a device is, and what happened. Inside a transaction. */
export function noteProgress(device: Device, session: Session, event: Happening, io: UpdateLogIo, now: number): void {
  io.firmwareSessions.save(device, session);
  note(device, event, io, now);
}

export function note(device: Device, { version, kind, detail }: Happening, io: UpdateLogIo, now: number): void {
  io.firmwareSessions.note(device, { at: now, version, kind, detail: detail ?? null });
  io.log.info("firmware {kind} {device} {version} {detail}", { kind, device: device.deviceId, version, detail });
}

/** Tells a rollout. Inside a transaction. */
export function tellRollout(id: number | null, event: RolloutEvent, io: UpdateLogIo, now: number): void {
  const found = id === null ? undefined : io.firmwareRollouts.find(id);
  if (id === null || !found) return;
  const rollout = next(found.rollout, event, now);
  io.firmwareRollouts.save(id, found.rollout, rollout);
  if (rollout.phase === found.rollout.phase && rollout.wave === found.rollout.wave) return;
  const { phase, wave, reason } = rollout;
  io.log.info("firmware rollout {id} {phase} wave {wave} {reason}", { id, phase, wave: wave + 1, reason });
}
