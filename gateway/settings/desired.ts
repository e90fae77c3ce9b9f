import { canonical } from "../../protocol/settings/registers.ts";
import { checkSettings } from "../../protocol/settings/rules.ts";
import { inWords } from "../../protocol/settings/broken_rule.ts";
import type { SettingsRefusal } from "../../protocol/settings/target.ts";
import { differences, type SettingChange, type SettingsValues } from "../../protocol/settings/settings.ts";
import { Fault } from "../fault.ts";
import type { Inverters } from "../store/inverters.ts";
import type { Device } from "../store/devices.ts";
import type { SettingsHistory } from "../store/settings_history.ts";
import type { Twins } from "../store/twins.ts";
import { desire } from "./twin.ts";
import type { Twin } from "../store/port/twin.ts";

export interface DesiredIo {
  readonly twins: Twins;
  readonly history: SettingsHistory;
  readonly inverters: Pick<Inverters, "profiles">;
}

/** What setting some values does, or would do. */
export interface SetOutcome {
  readonly twin: Twin;
  /** Whether there is a new version. */
  readonly changed: boolean;
  readonly changes: readonly SettingChange[];
}

/** Every reason why the device cannot have these values, for `values` as they were given. */
export function refusalsOf(
  device: Device,
  twin: Twin,
  values: SettingsValues,
  io: DesiredIo,
): readonly SettingsRefusal[] {
  const { auth } = device;
  return inWords(checkSettings(values, { auth, profiles: io.inverters.profiles(device), inForce: twin.reported }));
}

/** What setting the values would do; nothing is written. Throws `Fault` `refused` with every reason. */
export function plan(device: Device, values: SettingsValues, io: DesiredIo, now: number): SetOutcome {
  const twin = io.twins.load(device);
  const refusals = refusalsOf(device, twin, values, io);
  if (refusals.length > 0) throw refused(device.deviceId, refusals);
  const wanted = canonical(values, io.inverters.profiles(device));
  const next = desire(twin, wanted, device.auth, now);
  return { twin: next ?? twin, changed: next !== undefined, changes: differences(twin.desired, wanted) };
}

/** Sets the values, inside `GroupCommit.run`. Throws `Fault` `refused` with every reason. */
export function setDesired(device: Device, values: SettingsValues, by: string, io: DesiredIo, now: number): SetOutcome {
  const before = io.twins.load(device).desired;
  const outcome = plan(device, values, io, now);
  if (!outcome.changed) return outcome;
  io.twins.save(device, outcome.twin);
  const event = { kind: "set", by, from: before, to: outcome.twin.desired } as const;
  io.history.append(device.row, outcome.twin.version, event, now);
  return outcome;
}

function refused(deviceId: string, refusals: readonly SettingsRefusal[]): Fault {
  const text = refusals.map(({ key, message }) => `${key}: ${message}`).join("; ");
  return new Fault("refused", `Cannot set the settings of ${deviceId}: ${text}`, {
    fields: refusals.map(({ key, ...refusal }) => ({ path: key, ...refusal })),
  });
}
