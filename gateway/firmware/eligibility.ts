import type { Firmware } from "../../ota/manifest/firmware.ts";
import type { CheckRequest } from "../../ota/manifest/messages.ts";
import { compareVersions } from "../../ota/manifest/version.ts";
import type { Device } from "../store/devices.ts";
import type { DeviceReason } from "../store/port/rollout_reason.ts";

/** Why a firmware is not for a device. */
export function misfit(
  { model, auth }: Pick<Device, "model" | "auth">,
  { current_version, sequence: floor }: Partial<Pick<CheckRequest, "current_version" | "sequence">>,
  { model: needed, audience, min_version, sequence }: Firmware,
): DeviceReason | undefined {
  if (needed !== model) return { code: "other_model", model, needed };
  if (audience !== (auth === "legacy" ? "board" : "node")) return { code: "other_audience", audience };
  if (min_version !== null && current_version !== undefined && compareVersions(current_version, min_version) < 0) {
    return { code: "version_too_old", version: current_version, needed: min_version };
  }
  if (floor !== undefined && sequence !== null && sequence <= floor) {
    return { code: "sequence_too_low", sequence, floor };
  }
  return undefined;
}
