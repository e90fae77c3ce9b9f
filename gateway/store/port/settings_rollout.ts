import { z } from "zod";
import type { SettingsValues } from "../../../protocol/settings/settings.ts";
import type { Member, Rollout, RolloutPolicy, Stage, StoredRollout } from "./rollout.ts";

/** Which settings are rolled out. */
export interface SettingsGoal {
  readonly template: string | null;
  readonly settings: SettingsValues;
  /** In which time the first have to apply them; three upload intervals and a minute when left out. */
  readonly applyWithinMs?: number | undefined;
}

/** What a device was to have before, and the version that the rollout made. */
export interface SettingsMark {
  readonly previous: SettingsValues;
  readonly version: number;
}

export type SettingsRollout = Rollout<SettingsGoal, SettingsMark>;
export type SettingsMember = Member<SettingsMark>;
export type StoredSettingsRollout = StoredRollout<SettingsGoal, SettingsMark>;

/** How a device of it stands, in the words of the API and of what is stored. */
export const SettingsStage = z.enum(["waiting", "set", "back", "left"]);
type SettingsStage = z.infer<typeof SettingsStage>;

/** Who failed is put back with all the others at once, and success is never stored: it has to last. */
export const SETTINGS_STAGES: Record<Stage, SettingsStage> = {
  waiting: "waiting",
  begun: "set",
  succeeded: "set",
  failed: "set",
  back: "back",
  left: "left",
};

export const SettingsPhase = z.enum(["canary", "rest", "done", "failed", "aborted"]);
export type SettingsPhase = z.infer<typeof SettingsPhase>;

/** How far it is, in the words of the API and of what is stored. */
export function settingsPhaseOf({ phase, wave, reason }: Pick<Rollout, "phase" | "wave" | "reason">): SettingsPhase {
  switch (phase) {
    case "running":
    case "paused":
      return wave === 0 ? "canary" : "rest";
    case "done":
      return "done";
    case "aborted":
      return reason?.code === "aborted_by" ? "aborted" : "failed";
    default:
      return phase satisfies never;
  }
}

/** What fails once is put back at once, on all devices. */
const CARE = { abortAfter: 1, attempts: 1, backoffMs: 0, maxBackoffMs: 0, jitterMs: 0 };

/** Some first, then the rest, whose successes are not counted. */
export function settingsPolicy(first: number, all: number, holdMs: number): RolloutPolicy {
  const waves = [{ devices: first, successes: first }];
  if (first < all) waves.push({ devices: all - first, successes: 0 });
  return { ...CARE, waves, holdMs };
}

/** All at once, and nobody has to show that it is well. */
export function unwatchedPolicy(all: number): RolloutPolicy {
  return { ...CARE, waves: [{ devices: all, successes: 0 }], holdMs: 0 };
}
