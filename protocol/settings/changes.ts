import { z } from "zod";
import { NodeHealth } from "../messages/node_health.ts";
import { Settings, SettingsVersion } from "./settings.ts";

/** What a device posts to `/changes` or `/device_settings` (contract/1-link §3). */
export const ChangesRequest = z.object({
  device_id: z.string().min(1).max(64),
  timestamp: z.number().optional(),
  // What a later node tells in a way that we do not understand must not keep it from its settings.
  health: NodeHealth.optional().catch(undefined),
});
export type ChangesRequest = z.infer<typeof ChangesRequest>;

/** What a device is told. Boards read the flags (contract/2-boards §6), our node `version` and `settings`. */
export const ChangesAnswer = z.object({
  Changed: z.boolean().describe("Something waits to be reported; the rest is to be ignored otherwise"),
  pollFreqChanged: z.boolean(),
  newPollTimer: z.int().min(0).describe("Whole seconds; 0 where nothing changed"),
  uploadFreqChanged: z.boolean(),
  newUploadTimer: z.int().min(0).describe("Whole seconds; 0 where nothing changed"),
  regsChanged: z.boolean(),
  regsCount: z.int().min(0),
  regs: z.array(z.string()),
  version: SettingsVersion.optional(),
  settings: Settings.optional().describe("All that the device is to have, whether it changed or not"),
});
export type ChangesAnswer = z.infer<typeof ChangesAnswer>;

/** Bytes of the answer that a board can read (contract/2-boards §2 allows 1,023). */
const MAX_FLAGS_BYTES = 999;

/** What waits to be reported, by parameter. `undefined`: nothing. */
export interface PendingValues {
  /** Seconds. */
  readonly poll?: number | undefined;
  readonly upload?: number | undefined;
  readonly registers?: readonly string[] | undefined;
  /** Something else that a node has to report: a value it is to choose by itself again. */
  readonly other?: boolean;
}

/**
 * The answer to `/changes`: a flag stays for as long as its parameter waits to be reported. For our node it has the settings
 * as well, always: so it finds out after a loss of its disk, too.
 *
 * @example
 * ```ts
 * const { Changed, pollFreqChanged, newPollTimer, uploadFreqChanged } = changesAnswer({ poll: 5 });
 * [Changed, pollFreqChanged, newPollTimer, uploadFreqChanged]; // => [true, true, 5, false]
 * ```
 */
export function changesAnswer(pending: PendingValues, settings?: Settings): ChangesAnswer {
  const registers = fitting(pending.registers);
  const changed = pending.poll ?? pending.upload ?? pending.registers;
  return {
    Changed: changed !== undefined || pending.other === true,
    pollFreqChanged: pending.poll !== undefined,
    newPollTimer: wholeSeconds(pending.poll),
    uploadFreqChanged: pending.upload !== undefined,
    newUploadTimer: wholeSeconds(pending.upload),
    regsChanged: registers.length > 0,
    regsCount: registers.length,
    regs: [...registers],
    ...(settings === undefined ? {} : { version: settings.version, settings }),
  };
}

/** Timers are whole and never below 1: fractions and negatives are misread by boards. */
function wholeSeconds(seconds: number | undefined): number {
  return seconds === undefined ? 0 : Math.max(1, Math.round(seconds));
}

/** A list too long for the flags is in the settings alone: only our node can have one. */
function fitting(registers: readonly string[] = []): readonly string[] {
  const others = 200;
  return JSON.stringify(registers).length + others <= MAX_FLAGS_BYTES ? registers : [];
}
