import type { Firmware } from "../../../ota/manifest/firmware.ts";
import { compareVersions } from "../../../ota/manifest/version.ts";
import { misfit } from "../../firmware/eligibility.ts";
import { chunkTotal } from "../../firmware/progress.ts";
import type { Device } from "../../store/devices.ts";
import type { Session } from "../../store/firmware_sessions.ts";
import type { Message } from "../message.ts";
import { firmwareTopic } from "../topics.ts";

/** The newest firmware for a device; `undefined` when none is newer than what it runs. */
export function newestFirmware(
  device: Device,
  running: string | undefined,
  firmware: readonly Firmware[],
): Firmware | undefined {
  const versions = running === undefined ? {} : { current_version: running };
  return firmware
    .filter((one) => misfit(device, versions, one) === undefined)
    .filter(({ version }) => running === undefined || compareVersions(version, running) > 0)
    .reduce<Firmware | undefined>(
      (newest, one) => newest === undefined || compareVersions(one.version, newest.version) > 0 ? one : newest,
      undefined,
    );
}

/**
 * The retained message on `ecowatt/<device>/firmware`, as Home Assistant's update entity reads it: keys that are not known are
 * left out. `undefined` while the device has not said what it runs.
 */
export function firmwareMessage(
  device: Device,
  session: Session | undefined,
  firmware: readonly Firmware[],
): Message | undefined {
  if (session === undefined) return undefined;
  const { current_version: installed, version, state } = session;
  const underWay = state === "offered" || state === "downloading" || state === "downloaded" || state === "verified";
  const latest = underWay ? version : newestFirmware(device, installed, firmware)?.version;
  const payload = {
    installed_version: installed,
    latest_version: latest ?? installed,
    in_progress: underWay,
    update_percentage: underWay ? percentage(session) : null,
  };
  return { topic: firmwareTopic(device.deviceId), payload: JSON.stringify(payload), retain: true };
}

function percentage({ received, total_chunks }: Session): number {
  return total_chunks === 0 ? 0 : Math.floor(100 * chunkTotal(received) / total_chunks);
}
