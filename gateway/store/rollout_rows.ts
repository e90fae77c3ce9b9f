import { z } from "zod";
import type { Member, Rollout } from "./port/rollout.ts";
import { DeviceReason, RolloutReason } from "./port/rollout_reason.ts";

/** How the rollouts of one kind are written, as JSON. */
export interface RolloutRows<Goal, Mark> {
  /** The head, with its `members`. */
  read(row: unknown): Rollout<Goal, Mark>;
  /** Everything but the devices. */
  head(rollout: Rollout<Goal, Mark>): object;
  member(member: Member<Mark>): object;
}

/** Earlier versions wrote a sentence where now the reason is, as JSON: an older program can still read it as a text. */
export const StoredDeviceReason = z.string().transform((text): DeviceReason =>
  parsed(text, DeviceReason) ?? { code: "recorded", text }
);

export const StoredRolloutReason = z.string().transform((text): RolloutReason =>
  parsed(text, RolloutReason) ?? byHand(text) ?? { code: "recorded", text }
);

/** `undefined` for a sentence, also for one of a device that looks like JSON. */
function parsed<T>(text: string, schema: z.ZodType<T>): T | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The sentences about what somebody did, which is no trouble. */
function byHand(text: string): RolloutReason | undefined {
  const [, what, by] = /^(paused|aborted|stopped) by (.*)$/s.exec(text) ?? [];
  if (by === undefined) return undefined;
  return { code: what === "paused" ? "paused_by" : "aborted_by", by };
}
