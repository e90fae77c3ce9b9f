import { z } from "zod";

/** What somebody else said, in his words. */
const Told = z.string().optional();

/** Why a device left a rollout, failed in it, or waits for another attempt; `rollout/reason_text.ts` says it in words. */
export const DeviceReason = z.discriminatedUnion("code", [
  z.object({ code: z.literal("unregistered") }),
  z.object({ code: z.literal("no_report_in_time") }),
  /** It runs a version that is newer than the rollout's. */
  z.object({ code: z.literal("runs_newer"), version: z.string() }),
  z.object({ code: z.literal("other_model"), model: z.string(), needed: z.string() }),
  /** Firmware for boards is not for nodes, nor the other way. */
  z.object({ code: z.literal("other_audience"), audience: z.string() }),
  z.object({ code: z.literal("version_too_old"), version: z.string(), needed: z.string() }),
  /** `floor`: the highest sequence of firmware that it takes nothing below. */
  z.object({ code: z.literal("sequence_too_low"), sequence: z.number(), floor: z.number() }),
  z.object({ code: z.literal("version_unchanged"), version: z.string() }),
  z.object({ code: z.literal("download_broke_off"), received: z.number(), total: z.number() }),
  z.object({ code: z.literal("checks_failed"), text: Told }),
  z.object({ code: z.literal("rolled_back"), text: Told }),
  z.object({ code: z.literal("update_failed"), text: Told }),
  z.object({ code: z.literal("set_by_others") }),
  z.object({ code: z.literal("refused"), text: z.string() }),
  z.object({ code: z.literal("rejected"), text: Told }),
  z.object({ code: z.literal("reverted"), text: Told }),
  z.object({ code: z.literal("not_applied_in_time") }),
  z.object({ code: z.literal("silent") }),
  /** Written by a version that kept sentences. */
  z.object({ code: z.literal("recorded"), text: z.string() }),
]);
export type DeviceReason = Readonly<z.infer<typeof DeviceReason>>;
export const DEVICE_REASON_CODES = DeviceReason.options.map(({ shape }) => shape.code.value);

/** Why a rollout stopped. */
export const RolloutReason = z.discriminatedUnion("code", [
  z.object({ code: z.literal("paused_by"), by: z.string() }),
  z.object({ code: z.literal("aborted_by"), by: z.string() }),
  /** So many that it stops; the last of them. */
  z.object({ code: z.literal("devices_failed"), failed: z.number(), device: z.string(), why: DeviceReason.optional() }),
  /** The wave, from 0, cannot have the successes any more that the next one needs. */
  z.object({ code: z.literal("too_few"), wave: z.number(), succeeded: z.number(), needed: z.number() }),
  /** Nobody is left who could show that it is well. */
  z.object({ code: z.literal("nobody_left") }),
  /** Written by a version that kept sentences. */
  z.object({ code: z.literal("recorded"), text: z.string() }),
]);
export type RolloutReason = Readonly<z.infer<typeof RolloutReason>>;
export const ROLLOUT_REASON_CODES = RolloutReason.options.map(({ shape }) => shape.code.value);
