import { z } from "zod";
import { ReportStatus } from "../../../protocol/settings/report.ts";
import { SettingsValues, SettingsVersion } from "../../../protocol/settings/settings.ts";

/** How far a value has come: `pending` until the device reports it. */
const Progress = z.object({
  /** The version that brought the value. */
  since: SettingsVersion,
  status: z.enum(["pending", ...ReportStatus.options]),
  /** Whether it was handed out. */
  delivered: z.boolean(),
  /** When the status was reached, unix milliseconds. */
  at: z.number(),
  /** What the device said of it. */
  reason: z.string().optional(),
  /** The same as a code; boards and earlier nodes tell none. */
  reasonCode: z.string().optional(),
});
export type Progress = Readonly<z.infer<typeof Progress>>;

/** What a device is to have beside what it says it has. A pure value: gateway/settings/twin.ts changes it. */
export const Twin = z.object({
  version: SettingsVersion,
  desired: SettingsValues,
  progress: z.object({
    poll_interval_s: Progress.optional(),
    upload_interval_s: Progress.optional(),
    registers: Progress.optional(),
  }),
  /** What is in force, as far as the device has told. */
  reported: SettingsValues,
  /** When it last told something, and the version it spoke of if it named one. */
  reportedAt: z.number().optional(),
  reportedVersion: SettingsVersion.optional(),
});
export type Twin = Readonly<z.infer<typeof Twin>>;

/** A device for which nothing was ever set; versions go on from `version`. */
export function emptyTwin(version = 0): Twin {
  return { version, desired: {}, progress: {}, reported: {} };
}
