import { patched, SETTING_KEYS, type SettingsValues } from "../../protocol/settings/settings.ts";
import { Fault, type FieldFault } from "../fault.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { Labels } from "../store/labels.ts";
import type { Rollouts } from "../store/settings_rollouts.ts";
import type { Templates } from "../store/settings_templates.ts";
import { type DesiredIo, refusalsOf } from "./desired.ts";
import type { Rollout } from "./rollout.ts";
import { type DeviceSelection, selected } from "./selection.ts";

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
  readonly rolloutStates: Rollouts;
  readonly templates: Templates;
  readonly labels: Labels;
  readonly devices: Devices;
}

/**
 * The rollout that a plan asks for, before anything is set. Throws `Fault`: `refused` with every reason of every device,
 * `conflict` when a device is in another rollout, `not_found` for a template or device.
 */
export function planned(plan: RolloutPlan, io: RolloutPlanIo, now: number): Rollout {
  const settings = settingsOf(plan, io);
  const devices = selected(plan, io);
  requireFree(devices, io);
  requireSettable(devices, settings, plan, io);
  return {
    phase: plan.canary === undefined ? "done" : "canary",
    template: plan.template ?? null,
    settings,
    by: plan.by,
    createdAt: now,
    canaries: Math.min(plan.canary?.devices ?? devices.length, devices.length),
    healthyForMs: plan.canary?.healthyForMs ?? 0,
    ...(plan.canary?.applyWithinMs === undefined ? {} : { applyWithinMs: plan.canary.applyWithinMs }),
    members: devices.map(({ deviceId }) => ({ device: deviceId, stage: "waiting" })),
  };
}

function settingsOf({ template, settings }: RolloutPlan, { templates }: RolloutPlanIo): SettingsValues {
  if (template === undefined) return settings ?? {};
  const found = templates.find(template);
  if (!found) throw new Fault("not_found", `There is no template ${template}`);
  return found.settings;
}

function requireFree(devices: readonly Device[], { rolloutStates }: RolloutPlanIo): void {
  const taken = new Map(
    rolloutStates.running().flatMap(({ id, rollout }) =>
      rollout.members.filter(({ stage }) => stage === "set" || stage === "waiting").map(({ device }) => [device, id])
    ),
  );
  for (const { deviceId } of devices) {
    const id = taken.get(deviceId);
    if (id !== undefined) throw new Fault("conflict", `Cannot set ${deviceId}: rollout ${id} is not over`);
  }
}

/** All or none: a device that cannot have the settings, or could not be put back, keeps the others from being set. */
function requireSettable(
  devices: readonly Device[],
  settings: SettingsValues,
  { canary }: RolloutPlan,
  io: RolloutPlanIo,
): void {
  const fields = devices.flatMap((device): FieldFault[] => {
    const twin = io.twins.load(device);
    const refusals = refusalsOf(device, twin, patched(twin.desired, settings), io);
    const unknown = canary === undefined || device.auth === "signed"
      ? []
      : SETTING_KEYS.filter((key) =>
        key !== "registers" && settings[key] !== undefined && (twin.reported[key] ?? twin.desired[key]) === undefined
      );
    return [
      ...refusals.map(({ key, message }) => ({ path: `${device.deviceId}.${key}`, message })),
      ...unknown.map((key) => ({
        path: `${device.deviceId}.${key}`,
        message: "is not known of this board, so it could not be put back: set it once by itself first",
      })),
    ];
  });
  if (fields.length === 0) return;
  const text = fields.slice(0, 10).map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new Fault("refused", `Cannot set all of these devices: ${text}`, { fields: fields.slice(0, 1_000) });
}
