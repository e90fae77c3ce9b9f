import type { Clock } from "../../platform/clock.ts";
import { patched, type SettingsPatch, type SettingsValues } from "../../protocol/settings/settings.ts";
import { differences } from "../../protocol/settings/settings.ts";
import { Fault } from "../fault.ts";
import { type Device, type Devices, requireDevice } from "../store/devices.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { RecordedEvent } from "../store/settings_history.ts";
import { type DesiredIo, plan, setDesired, type SetOutcome } from "./desired.ts";
import type { Twin } from "../store/port/twin.ts";

/** A change of desired settings: all of them, or some. */
export type Change =
  | { readonly kind: "replace"; readonly values: SettingsValues }
  | { readonly kind: "patch"; readonly patch: SettingsPatch };

export interface ChangeOptions {
  /** Who, for the history: `token NAME`, `local`, `mqtt`. */
  readonly by: string;
  /** Versions of which one has to be the present one: HTTP's `If-Match`. Any when left out. */
  readonly ifMatch?: readonly number[];
  /** The version that the change was made from, as the change itself says. */
  readonly base?: number;
  /** Only tells what would change. */
  readonly dryRun?: boolean;
}

/** A device with its settings. */
export interface DeviceTwin {
  readonly device: Device;
  readonly twin: Twin;
}

/** What operators, the broker and the machine itself do with settings. Throws `Fault` `not_found` for unknown devices. */
export interface DeviceSettings {
  of(deviceId: string): DeviceTwin;
  /** Of all devices by name, from the first after `after`. */
  page(options: { readonly after?: string | undefined; readonly limit: number }): readonly DeviceTwin[];
  /**
   * Resolves when it is on disk; the device gets it when it asks next. What is in force already makes no new version. Throws
   * `Fault`: `refused` with every reason, `precondition_failed` when `ifMatch` does not fit, `conflict` when `base` does not.
   */
  change(deviceId: string, change: Change, options: ChangeOptions): Promise<SetOutcome & DeviceTwin>;
  /** The newest events first. */
  history(deviceId: string, options: { readonly before?: number; readonly limit: number }): readonly RecordedEvent[];
}

interface DeviceSettingsIo extends DesiredIo {
  readonly devices: Devices;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
}

export function createDeviceSettings(io: DeviceSettingsIo): DeviceSettings {
  const device = (name: string): Device => requireDevice(io.devices, name);
  const perform = (deviceId: string, change: Change, options: ChangeOptions) => {
    const known = device(deviceId);
    const twin = io.twins.load(known);
    const values = change.kind === "replace" ? change.values : patched(twin.desired, change.patch);
    const now = io.clock.now();
    // A repetition of a change whose answer was lost has nothing to conflict with (RFC 9110 §13.1.1).
    if (differences(twin.desired, values).length > 0) requireVersion(known, twin, options);
    const outcome = options.dryRun ? plan(known, values, io, now) : setDesired(known, values, options.by, io, now);
    return { device: known, ...outcome };
  };
  return {
    of(deviceId) {
      const known = device(deviceId);
      return { device: known, twin: io.twins.load(known) };
    },
    page({ after, limit }) {
      const rest = io.devices.list().filter(({ deviceId }) => after === undefined || deviceId > after);
      return rest.slice(0, limit).map((device) => ({ device, twin: io.twins.load(device) }));
    },
    change(deviceId, change, options) {
      if (options.dryRun) return Promise.try(() => perform(deviceId, change, options));
      return io.commit.run(() => perform(deviceId, change, options));
    },
    history: (deviceId, options) => io.history.latest(device(deviceId).row, options),
  };
}

function requireVersion({ deviceId }: Device, { version }: Twin, { ifMatch, base }: ChangeOptions): void {
  if (ifMatch !== undefined && !ifMatch.includes(version)) {
    throw new Fault(
      "precondition_failed",
      `Cannot change the settings of ${deviceId}: they are version ${version} now`,
    );
  }
  if (base !== undefined && base !== version) {
    throw new Fault("conflict", `Cannot change version ${base} of the settings of ${deviceId}: it is ${version} now`);
  }
}
