import { Fault } from "../fault.ts";
import { type Device, type Devices, requireDevice } from "../store/devices.ts";
import type { Labels } from "../store/labels.ts";
import type { RolloutStore } from "../store/rollouts.ts";
import { isOpen } from "./member.ts";

/** Which devices are meant: those that fit everything that is given. */
export interface DeviceSelection {
  /** In this order. */
  readonly devices?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly label?: string | undefined;
}

/** Devices of one rollout. */
export const MAX_DEVICES = 1_000;

/** The devices of a selection. Throws `Fault`: `not_found` for a name that is not registered, `refused` for none or too many. */
export function selected(
  { devices: names, model, label }: DeviceSelection,
  { devices, labels }: { readonly devices: Devices; readonly labels: Labels },
): readonly Device[] {
  const candidates = names === undefined ? devices.list() : named(names, devices);
  const chosen = candidates.filter((device) =>
    (model === undefined || device.model === model) && (label === undefined || labels.of(device).includes(label))
  );
  if (chosen.length === 0) throw new Fault("refused", "No device fits the selection");
  if (chosen.length > MAX_DEVICES) {
    throw new Fault(
      "refused",
      `${chosen.length} devices fit the selection; at most ${MAX_DEVICES} can be set at a time`,
    );
  }
  return chosen;
}

/** Each once, also when it is named in two ways. */
function named(names: readonly string[], devices: Devices): readonly Device[] {
  const found = names.map((name) => requireDevice(devices, name));
  return [...new Map(found.map((device) => [device.row, device])).values()];
}

/** The devices of which a rollout of the kind still wants something, with its number: a device is in one at a time. */
export function takenDevices({ running }: Pick<RolloutStore, "running">): ReadonlyMap<string, number> {
  return new Map(
    running().flatMap(({ id, rollout }) => rollout.members.filter(isOpen).map(({ device }) => [device, id])),
  );
}
