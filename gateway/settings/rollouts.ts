import { createRollouts, type Rollouts, type RolloutsIo } from "../rollout/rollouts.ts";
import type { SettingsGoal, SettingsMark } from "../store/port/settings_rollout.ts";
import { settingsEffect } from "./rollout_effect.ts";
import { type Outlook, outlooks, planned, type RolloutPlan, type RolloutPlanIo } from "./rollout_plan.ts";

/** Settings for many devices. */
export interface SettingsRollouts extends Rollouts<SettingsGoal, SettingsMark, RolloutPlan> {
  /** What `start` would do, device by device; nothing is set. Throws `Fault`: `not_found`, `refused` when no device is meant. */
  preview(plan: RolloutPlan): readonly Outlook[];
}

interface SettingsRolloutsIo
  extends RolloutPlanIo, Pick<RolloutsIo<SettingsGoal, SettingsMark, RolloutPlan>, "commit" | "clock" | "log"> {
  /** When the newest samples of a device were received, unix milliseconds. */
  readonly lastUploadAt: (deviceId: string) => number | undefined;
}

export function createSettingsRollouts(io: SettingsRolloutsIo): SettingsRollouts {
  const { rollouts, commit, clock, log } = io;
  const led = createRollouts({
    store: rollouts.settings,
    effect: settingsEffect({ ...io, upSince: clock.now() }),
    planned: (plan: RolloutPlan, now) => planned(plan, io, now),
    commit,
    clock,
    log,
  });
  return { ...led, preview: (plan) => outlooks(plan, io) };
}
