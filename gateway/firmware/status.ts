import type { Device, Devices } from "../store/devices.ts";
import type { FirmwareEvent, FirmwareSessions, SessionState } from "../store/firmware_sessions.ts";
import { chunkTotal } from "./progress.ts";

/** Where a device is with its firmware. Times in unix milliseconds. */
export interface UpdateStatus {
  readonly device_id: string;
  readonly current_version: string | null;
  readonly checked_at_ms: number | null;
  readonly state: SessionState;
  readonly version: string | null;
  readonly rollout: number | null;
  readonly chunks_received: number;
  readonly total_chunks: number;
  readonly percentage: number;
  readonly changed_at_ms: number | null;
  readonly reason: string | null;
}

/** States in which something is still to come. */
const ACTIVE: readonly SessionState[] = ["offered", "downloading", "downloaded", "verified"];

export interface UpdateStatusIo {
  readonly firmwareSessions: FirmwareSessions;
  readonly devices: Devices;
}

export function statusOf(device: Device, { firmwareSessions }: UpdateStatusIo): UpdateStatus {
  const session = firmwareSessions.find(device);
  const received = session ? chunkTotal(session.received) : 0;
  const total = session?.total_chunks ?? 0;
  return {
    device_id: device.deviceId,
    current_version: session?.current_version ?? null,
    checked_at_ms: session?.checked_at ?? null,
    state: session?.state ?? "none",
    version: session?.version ?? null,
    rollout: session?.rollout ?? null,
    chunks_received: received,
    total_chunks: total,
    percentage: total === 0 ? 0 : Math.round(1000 * received / total) / 10,
    changed_at_ms: session?.changed_at ?? null,
    reason: session?.reason ?? null,
  };
}

/** The updates that are under way. */
export function activeUpdates(io: UpdateStatusIo): readonly UpdateStatus[] {
  return io.devices.list().map((device) => statusOf(device, io)).filter(({ state }) => ACTIVE.includes(state));
}

/** What happened on a device's way, the newest first. */
export function eventsOf(
  device: Device,
  limit: number,
  { firmwareSessions }: UpdateStatusIo,
): readonly FirmwareEvent[] {
  return firmwareSessions.events(device, limit);
}
