import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import { type Devices, requireDevice } from "../store/devices.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { Inverters, ListedInverters } from "../store/inverters.ts";
import type { RemovedInverters } from "../store/removed_inverters.ts";

/**
 * Takes an inverter off its device that the device does not have any more: its samples stay. Throws `Fault`: `not_found`, and
 * `conflict` while the device has it.
 */
export type RemoveInverter = (deviceId: string, inverter: string) => Promise<void>;

interface RemovalIo {
  readonly devices: Devices;
  readonly inverters: Pick<Inverters, "names">;
  readonly listed: ListedInverters;
  readonly removed: RemovedInverters;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
}

export function createInverterRemoval(io: RemovalIo): RemoveInverter {
  const { devices, inverters, listed, removed, commit, clock, log } = io;
  return async (deviceId, inverter) => {
    await commit.run(() => {
      const device = requireDevice(devices, deviceId);
      if (!inverters.names(deviceId).includes(inverter)) {
        throw new Fault("not_found", `Device ${deviceId} has no inverter ${inverter}`);
      }
      if (device.auth === "legacy" || listed(deviceId)?.has(inverter)) {
        throw new Fault(
          "conflict",
          `Cannot remove ${inverter}: ${deviceId} polls it; take it out of its configuration`,
        );
      }
      removed.remove(deviceId, inverter, clock.now());
    });
    log.info("inverter {inverter} of {device} was removed", { inverter, device: deviceId });
  };
}
