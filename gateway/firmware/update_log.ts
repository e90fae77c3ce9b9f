import type { Logger } from "@logtape/logtape";
import type { Outcome } from "../rollout/effect.ts";
import type { Device } from "../store/devices.ts";
import type { FirmwareSessions, Session } from "../store/firmware_sessions.ts";
import type { FirmwareRollouts } from "./rollouts.ts";

export interface UpdateLogIo {
  readonly firmwareRollouts: Pick<FirmwareRollouts, "runningFor" | "tell">;
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

/** Tells the rollout of a session what became of it on the device. Inside a transaction. */
export function tellRollout(
  { rollout }: Pick<Session, "rollout">,
  { deviceId: device }: Pick<Device, "deviceId">,
  outcome: Outcome,
  { firmwareRollouts }: UpdateLogIo,
  now: number,
): void {
  if (rollout !== null) firmwareRollouts.tell(rollout, { kind: "outcome", device, outcome }, now);
}
