import type { Settings } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";

export const STATES: Record<Settings["state"], { readonly tone: Tone; readonly text: string; readonly title: string }> =
  {
    in_sync: { tone: "good", text: "in sync", title: "The device has what it is to have" },
    pending: { tone: "busy", text: "pending", title: "The device has not said yet that it has it" },
    rejected: { tone: "bad", text: "rejected", title: "The device refused some of it" },
    reverted: {
      tone: "bad",
      text: "reverted",
      title: "The device went back by itself, because it lost the gateway with it",
    },
  };

/** How the settings of a device stand, in a word. */
export function StateBadge({ settings }: { readonly settings: Pick<Settings, "state" | "version"> }) {
  const { tone, text, title } = STATES[settings.state];
  if (settings.version === 0) return <Badge tone="calm" text="its own" title="Nothing was set from here" />;
  return <Badge tone={tone} text={text} title={title} />;
}
