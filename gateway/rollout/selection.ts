import { Fault } from "../fault.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { Labels } from "../store/labels.ts";

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
  const candidates = names === undefined ? devices.list() : [...new Set(names)].map((name) => {
    const device = devices.find(name);
    if (!device) throw new Fault("not_found", `No device ${name} is registered`);
    return device;
  });
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
