import { patched, type SettingsValues, valuesOf } from "../../protocol/settings/settings.ts";
import { Fault } from "../fault.ts";
import type { Effect } from "../rollout/effect.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { DeviceReason } from "../store/port/rollout_reason.ts";
import { type SettingsGoal, type SettingsMark, settingsPhaseOf } from "../store/port/settings_rollout.ts";
import { type DesiredIo, setDesired } from "./desired.ts";
import { healthOf } from "./health.ts";

interface SettingsEffectIo extends DesiredIo {
  readonly devices: Pick<Devices, "find">;
  /** When the newest samples of a device were received, unix milliseconds. */
  readonly lastUploadAt: (deviceId: string) => number | undefined;
  /** Since when this gateway can be reached, unix milliseconds. */
  readonly upSince: number;
}

/** Sets the settings, and puts back what there was before. */
export function settingsEffect(io: SettingsEffectIo): Effect<SettingsGoal, SettingsMark> {
  const { devices, twins, lastUploadAt, upSince } = io;
  return {
    kind: "settings",
    phaseOf: settingsPhaseOf,
    begin: (name, { id, rollout: { goal: { settings } } }, now) =>
      tried(name, devices, (device) => {
        const { desired, reported } = twins.load(device);
        const { twin } = setDesired(device, patched(desired, settings), `rollout ${id}`, io, now);
        const previous = device.auth === "signed" ? desired : withReported(desired, reported, settings);
        return { kind: "begun", mark: { previous, version: twin.version } };
      }),
    takeBack: ({ device: name, mark }, { id }, now) =>
      tried(name, devices, (device) => {
        // What somebody set since stays: it is newer than the rollout.
        if (twins.load(device).version !== mark?.version) return left({ code: "set_by_others" });
        setDesired(device, mark?.previous ?? {}, `rollout ${id}: back`, io, now);
        return { kind: "back" };
      }),
    outcomeOf(member, rollout, now) {
      if (member.stage === "waiting") return { kind: "pending" };
      const device = devices.find(member.device);
      if (!device) return left({ code: "unregistered" });
      const seen = { device, twin: twins.load(device), lastUploadAt: lastUploadAt(member.device), now, upSince };
      return healthOf(member, rollout, seen);
    },
  };
}

/** What a board did before without having been told: it cannot be told to forget. */
function withReported(desired: SettingsValues, reported: SettingsValues, settings: SettingsValues): SettingsValues {
  const before = (key: "poll_interval_s" | "upload_interval_s") =>
    desired[key] ?? (settings[key] === undefined ? undefined : reported[key]);
  return valuesOf({
    poll_interval_s: before("poll_interval_s"),
    upload_interval_s: before("upload_interval_s"),
    registers: desired.registers,
  });
}

/** A device that became another one since the rollout began leaves it; the others go on. */
function tried<T>(name: string, devices: Pick<Devices, "find">, work: (device: Device) => T) {
  const device = devices.find(name);
  if (!device) return left({ code: "unregistered" });
  try {
    return work(device);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return left({ code: "refused", text: error.message });
  }
}

function left(reason: DeviceReason) {
  return { kind: "left", reason } as const;
}
