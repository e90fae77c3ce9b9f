import type { FirmwarePlan } from "../../firmware/rollout_plan.ts";
import type { FirmwareImages } from "../../../ota/repository/firmware_repository.ts";
import { Fault } from "../../fault.ts";
import type { Devices } from "../../store/devices.ts";
import type { FirmwareSessions } from "../../store/firmware_sessions.ts";
import type { Received } from "../message.ts";
import type { RateLimitedWarnings } from "../../../platform/rate_limited_warnings.ts";
import { installDevice } from "../topics.ts";
import { INSTALL } from "./device_announcement.ts";
import { newestFirmware } from "./firmware_payload.ts";

export interface InstallsIo {
  readonly devices: Pick<Devices, "find">;
  readonly firmware: Pick<FirmwareImages, "list">;
  readonly firmwareSessions: Pick<FirmwareSessions, "find">;
  readonly rollouts: { start(plan: FirmwarePlan): Promise<unknown> };
  readonly warn: RateLimitedWarnings;
}

/** As an operator would start it for one device. */
const CARE = { waves: [], attempts: 3, backoffMs: 600_000, timeoutMs: 86_400_000, jitterMs: 0 };

/** Starts the update of one device to the newest firmware that fits it. What cannot be is logged. Never rejects. */
export async function install({ topic, payload, who }: Received, io: InstallsIo): Promise<void> {
  const name = installDevice(topic);
  const device = name && io.devices.find(name);
  if (!device || new TextDecoder().decode(payload.subarray(0, 64)) !== INSTALL) {
    return io.warn("mqtt install ignored {topic}", { topic });
  }
  try {
    const running = io.firmwareSessions.find(device)?.current_version;
    const newest = newestFirmware(device, running, io.firmware.list());
    if (!newest) return io.warn("mqtt install ignored {topic}: there is nothing newer", { topic });
    const { model, version } = newest;
    await io.rollouts.start({ ...CARE, devices: [device.deviceId], firmware: { model, version }, by: who });
  } catch (error) {
    io.warn("mqtt install refused {topic}: {reason}", {
      topic,
      reason: error instanceof Fault ? error.message : error,
    });
  }
}
