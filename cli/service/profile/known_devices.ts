import { isTold } from "../../../device/scan/library_device.ts";
import { machineLibrary } from "../../../profiles/library.ts";
import type { DeviceKind } from "../../../protocol/profile/format/compile.ts";

/** The devices that this machine knows; the files of an owner that are broken are told by `profile check`. */
export function knownDevices(): readonly DeviceKind[] {
  return machineLibrary.names().flatMap((name) => {
    const found = machineLibrary.find(name);
    return found.ok ? [found.value] : [];
  });
}

/** The names of those that nothing tells from others: they are chosen, and not found. */
export function untoldDevices(): readonly string[] {
  return knownDevices().filter((kind) => !isTold(kind) && kind.document.name !== "ecowatt")
    .map(({ document }) => document.name);
}
