import { z } from "zod";
import type { Rollout, Stage, StoredRollout } from "./rollout.ts";

/** Which firmware is rolled out. */
export interface FirmwareGoal {
  readonly model: string;
  readonly version: string;
}

export type FirmwareRollout = Rollout<FirmwareGoal, never>;
export type StoredFirmwareRollout = StoredRollout<FirmwareGoal, never>;

/** How a device of it stands, in the words of the API and of what is stored. */
export const FirmwareStage = z.enum(["waiting", "offered", "updated", "failed", "left"]);
type FirmwareStage = z.infer<typeof FirmwareStage>;

/** An image is not taken back. */
export const FIRMWARE_STAGES: Record<Stage, FirmwareStage> = {
  waiting: "waiting",
  begun: "offered",
  succeeded: "updated",
  failed: "failed",
  back: "left",
  left: "left",
};

export const FirmwarePhase = z.enum(["running", "paused", "done", "aborted"]);
