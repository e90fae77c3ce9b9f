import { z } from "zod";
import type { BrokenRule } from "../../protocol/settings/broken_rule.ts";
import { SETTING_KEYS, Settings, SettingsVersion } from "../../protocol/settings/settings.ts";
import type { Offer } from "./state.ts";

/** What our node looks at in the answer to `/changes`: not at the flags, which are for boards. */
export const OfferAnswer = z.object({
  /** The gateway waits for a report. */
  Changed: z.boolean().catch(false),
  version: SettingsVersion.optional().catch(undefined),
  settings: z.unknown().optional(),
});
export type OfferAnswer = z.infer<typeof OfferAnswer>;

/** Keys of a newer gateway are passed over. */
const OfferedSettings = z.object(Settings.shape);
/** Reasons that are told of settings that cannot be read. */
const MAX_REASONS = 8;

/** What the gateway offers. `undefined`: nothing, or nothing that a report could speak of. */
export function offerOf({ version, settings }: OfferAnswer): Offer | undefined {
  const parsed = OfferedSettings.safeParse(settings);
  if (parsed.success) return parsed.data.version === 0 ? undefined : { kind: "settings", settings: parsed.data };
  if (settings === undefined || version === undefined || version === 0) return undefined;
  return { kind: "unreadable", version, refusals: parsed.error.issues.slice(0, MAX_REASONS).flatMap(refusalsOf) };
}

/** An issue with one key is said of that one, any other of all. */
function refusalsOf({ path, message }: z.core.$ZodIssue): readonly BrokenRule[] {
  const own = SETTING_KEYS.filter((key) => key === path[0]);
  return (own.length > 0 ? own : SETTING_KEYS).map((key) => ({ key, reason: { code: "unreadable", text: message } }));
}
