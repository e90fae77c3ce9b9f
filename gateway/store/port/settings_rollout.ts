import { z } from "zod";
import { SettingsValues, SettingsVersion } from "../../../protocol/settings/settings.ts";

/** One device of a rollout. */
const Member = z.object({
  device: z.string(),
  /** `waiting` for its turn; `set`; put `back`; `left`: removed, or set by somebody else since. */
  stage: z.enum(["waiting", "set", "back", "left"]),
  /** What it was to have before, and the version that the rollout made. */
  previous: SettingsValues.optional(),
  version: SettingsVersion.optional(),
  /** When it was set, unix milliseconds. */
  setAt: z.number().optional(),
  reason: z.string().optional(),
});
export type Member = Readonly<z.infer<typeof Member>>;

export const RolloutPhase = z.enum(["canary", "rest", "done", "failed", "aborted"]);
export type RolloutPhase = z.infer<typeof RolloutPhase>;

/** Settings on their way to many devices. A pure value: gateway/settings/rollout.ts changes it. */
export const Rollout = z.object({
  phase: RolloutPhase,
  template: z.string().nullable(),
  settings: SettingsValues,
  by: z.string(),
  createdAt: z.number(),
  /** Devices that go first, how long they have to be healthy, and in which time they have to apply the settings. */
  canaries: z.number(),
  healthyForMs: z.number(),
  applyWithinMs: z.number().optional(),
  /** Since when all that are watched are healthy. */
  healthySince: z.number().optional(),
  reason: z.string().optional(),
  members: z.array(Member),
});
export type Rollout = Readonly<z.infer<typeof Rollout>>;

export function isOver({ phase }: Pick<Rollout, "phase">): boolean {
  return phase !== "canary" && phase !== "rest";
}
