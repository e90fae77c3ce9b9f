import { z } from "zod";
import { type SettingKey, SettingsVersion } from "./settings.ts";

/** The parameters as devices call them (contract/2-boards §6). */
export const Parameter = z.enum(["poll_frequency", "upload_frequency", "register_list"]);
export type Parameter = z.infer<typeof Parameter>;

/** Which setting a parameter is. */
export const KEY_OF = {
  poll_frequency: "poll_interval_s",
  upload_frequency: "upload_interval_s",
  register_list: "registers",
} as const satisfies Record<Parameter, SettingKey>;

/** What a setting is called in a report. */
export const PARAMETER_OF = {
  poll_interval_s: "poll_frequency",
  upload_interval_s: "upload_frequency",
  registers: "register_list",
} as const satisfies Record<SettingKey, Parameter>;

/**
 * What became of a parameter. `accepted`: kept for good, in force at the next upload (the last word of a board); `applied`: in
 * force; `rejected`: refused, the old value stays; `reverted`: was in force, and the last good value is again.
 */
export const ReportStatus = z.enum(["accepted", "rejected", "applied", "reverted"]);
export type ReportStatus = z.infer<typeof ReportStatus>;

/** One line of a report. */
export const ReportUpdate = z.object({
  parameter: Parameter,
  status: ReportStatus,
  version: SettingsVersion.optional().describe("The settings that this is about; boards do not know it"),
  value: z.union([z.number(), z.array(z.string().min(1).max(64)).max(64)]).optional()
    .describe("Seconds, or register names: accepted and applied, the new one; reverted, the one in force again"),
  unit: z.string().max(32).optional(),
  count: z.number().optional(),
  error: z.string().max(1_000).nullish().describe("Why it was rejected or reverted"),
  error_code: z.string().max(64).optional().describe("The same as a code; boards tell none"),
  warning: z.string().max(1_000).nullish(),
});
export type ReportUpdate = z.infer<typeof ReportUpdate>;

/** Most lines of one report. */
export const MAX_UPDATES = 32;

/**
 * What a device posts to `/config/report` (contract/1-link §3). A node reports every parameter of a version that it
 * got, also those it had already, and says it again until it is answered: a repeated report changes nothing.
 */
export const ConfigReport = z.object({
  device_id: z.string().min(1).max(64),
  timestamp: z.number().optional(),
  updates: z.array(ReportUpdate).min(1).max(MAX_UPDATES),
});
export type ConfigReport = z.infer<typeof ConfigReport>;

/** The answer to a report. */
export const ConfigReportAnswer = z.object({ status: z.literal("success"), message: z.string() });
export type ConfigReportAnswer = z.infer<typeof ConfigReportAnswer>;
