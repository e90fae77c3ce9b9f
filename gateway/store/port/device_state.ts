import { z } from "zod";

/** How a device is doing. `stale`: it is not heard of, or its samples are not. */
export const DEVICE_STATES = ["ok", "asleep", "stale", "fault"] as const;
export type DeviceState = typeof DEVICE_STATES[number];

/** Whole minutes since the last samples came; left out where none ever did. */
const Minutes = z.number().optional();

/** How far the clock of the device is ahead of the gateway's, if it is wrong; roundly, milliseconds. */
const ClockAhead = z.number().optional();

/** Why a device or an inverter is in its state; `state/reason_text.ts` says it in words. */
export const StateReason = z.discriminatedUnion("code", [
  z.object({ code: z.literal("never_heard") }),
  z.object({ code: z.literal("not_heard_since_start") }),
  /** `heardAt`: unix milliseconds. */
  z.object({ code: z.literal("silent"), heardAt: z.number() }),
  z.object({ code: z.literal("silent_at_night") }),
  z.object({ code: z.literal("silent_after_fading") }),
  /** `watts`: what it gives at most. */
  z.object({ code: z.literal("night_power"), watts: z.number() }),
  z.object({ code: z.literal("samples_arrive"), clockAheadMs: ClockAhead }),
  z.object({ code: z.literal("first_samples_awaited") }),
  z.object({ code: z.literal("samples_awaited"), clockAheadMs: ClockAhead }),
  z.object({ code: z.literal("last_upload_unreadable") }),
  z.object({ code: z.literal("samples_unreadable"), minutes: Minutes }),
  /** The device is heard of. */
  z.object({ code: z.literal("samples_missing"), minutes: Minutes }),
  /** Its inverters answer, by what its node tells. */
  z.object({ code: z.literal("samples_missing_of_node"), minutes: Minutes }),
  /** What a node says of an inverter, in its words; `inverter` is left out where it is the only one. `others` are so as well. */
  z.object({
    code: z.literal("told_by_node"),
    inverter: z.string().optional(),
    text: z.string(),
    others: z.number(),
  }),
  /** Written by a version that kept sentences. */
  z.object({ code: z.literal("recorded"), text: z.string() }),
]);
export const STATE_REASON_CODES = StateReason.options.map(({ shape }) => shape.code.value);
export type StateReason = Readonly<z.infer<typeof StateReason>>;

/** A state with its beginning, as far as the facts tell it, and why. */
export interface Verdict {
  readonly state: DeviceState;
  readonly since: number;
  readonly reason: StateReason;
}
