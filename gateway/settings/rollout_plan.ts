import { canonical } from "../../protocol/settings/registers.ts";
import type { SettingsRefusal } from "../../protocol/settings/target.ts";
import {
  differences,
  patched,
  SETTING_KEYS,
  type SettingChange,
  type SettingsValues,
} from "../../protocol/settings/settings.ts";
import { Fault, type FieldFault } from "../fault.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { Labels } from "../store/labels.ts";
import type { RolloutStores } from "../store/rollouts.ts";
import type { Templates } from "../store/settings_templates.ts";
import { type DesiredIo, refusalsOf } from "./desired.ts";
import { settingsPolicy, type SettingsRollout, unwatchedPolicy } from "../store/port/settings_rollout.ts";
import { startRollout } from "../rollout/rollout.ts";
import { type DeviceSelection, selected, takenDevices } from "../rollout/selection.ts";
import type { Twin } from "../store/port/twin.ts";

/** Which settings go where, and how carefully. */
export interface RolloutPlan extends DeviceSelection {
  /** A template by name, or settings; what they leave out stays as it is. */
  readonly template?: string | undefined;
  readonly settings?: SettingsValues | undefined;
  /** Left out: all at once, and nobody watches. */
  readonly canary?: {
    /** How many go first. */
    readonly devices: number;
    readonly healthyForMs: number;
    /** Three upload intervals and a minute when left out. */
    readonly applyWithinMs?: number | undefined;
  } | undefined;
  readonly by: string;
}

export interface RolloutPlanIo extends DesiredIo {
  readonly rollouts: Pick<RolloutStores, "settings">;
  readonly templates: Templates;
  readonly labels: Labels;
  readonly devices: Devices;
}

/** What a plan would do to one of its devices, or why it cannot. */
export interface Outlook {
  readonly device: Device;
  readonly changes: readonly SettingChange[];
  /** The rollout that the device is in; it can be in one at a time. */
  readonly takenBy: number | undefined;
  readonly refusals: readonly SettingsRefusal[];
}

/** What a plan would do, device by device; nothing is set. Throws `Fault`: `not_found` for a template or device, `refused` for none. */
export function outlooks(plan: RolloutPlan, io: RolloutPlanIo): readonly Outlook[] {
  const settings = settingsOf(plan, io);
  const taken = takenDevices(io.rollouts.settings);
  return selected(plan, io).map((device) => {
    const twin = io.twins.load(device);
    const values = patched(twin.desired, settings);
    const refusals = [...refusalsOf(device, twin, values, io), ...irrevocable(device, twin, settings, plan)];
    const changes = refusals.length > 0
      ? []
      : differences(twin.desired, canonical(values, io.inverters.profiles(device)));
    return { device, changes, takenBy: taken.get(device.deviceId), refusals };
  });
}

/**
 * The rollout that a plan asks for, before anything is set: all or none. Throws `Fault`: `refused` with every reason of every
 * device, `conflict` when a device is in another rollout, `not_found` for a template or device.
 */
export function planned(plan: RolloutPlan, io: RolloutPlanIo, now: number): SettingsRollout {
  const members = outlooks(plan, io);
  requireFree(members);
  requireSettable(members);
  const { template = null, canary, by } = plan;
  const applyWithinMs = canary?.applyWithinMs;
  return startRollout({
    goal: { template, settings: settingsOf(plan, io), ...(applyWithinMs === undefined ? {} : { applyWithinMs }) },
    by,
    policy: canary
      ? settingsPolicy(Math.min(canary.devices, members.length), members.length, canary.healthyForMs)
      : unwatchedPolicy(members.length),
    devices: members.map(({ device }) => device.deviceId),
  }, now);
}

function settingsOf({ template, settings }: RolloutPlan, { templates }: RolloutPlanIo): SettingsValues {
  if (template === undefined) return settings ?? {};
  const found = templates.find(template);
  if (!found) throw new Fault("not_found", `There is no template ${template}`);
  return found.settings;
}

/** What could not be put back if the rollout fails: a board cannot be told to forget. */
function irrevocable(
  { auth }: Device,
  { reported, desired }: Twin,
  settings: SettingsValues,
  { canary }: RolloutPlan,
): readonly SettingsRefusal[] {
  if (canary === undefined || auth === "signed") return [];
  return SETTING_KEYS
    .filter((key) =>
      key !== "registers" && settings[key] !== undefined && (reported[key] ?? desired[key]) === undefined
    )
    .map((key) => ({
      key,
      message: "is not known of this board, so it could not be put back: set it once by itself first",
    }));
}

function requireFree(members: readonly Outlook[]): void {
  for (const { device, takenBy } of members) {
    if (takenBy === undefined) continue;
    throw new Fault("conflict", `Cannot set ${device.deviceId}: rollout ${takenBy} is not over`);
  }
}

/** A device that cannot have the settings keeps the others from being set. */
function requireSettable(members: readonly Outlook[]): void {
  const fields = members.flatMap(({ device, refusals }) =>
    refusals.map(({ key, message }): FieldFault => ({ path: `${device.deviceId}.${key}`, message }))
  );
  if (fields.length === 0) return;
  const text = fields.slice(0, 10).map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new Fault("refused", `Cannot set all of these devices: ${text}`, { fields: fields.slice(0, 1_000) });
}
