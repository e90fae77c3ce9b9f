import type { CommandRecord } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";

export const STATES = ["pending", "executing", "completed", "failed", "expired", "cancelled"] as const;
/** States in which something is still to come. */
export const OPEN_STATES: readonly CommandRecord["status"][] = ["pending", "executing"];

const TONE: Record<CommandRecord["status"], Tone> = {
  pending: "calm",
  executing: "busy",
  completed: "good",
  failed: "bad",
  expired: "warn",
  cancelled: "calm",
};

/** Where a command is. */
export function CommandStateBadge({ command }: { readonly command: CommandRecord }) {
  return <Badge tone={TONE[command.status]} text={command.status} title={command.error_message ?? undefined} />;
}

/** What a command does, in a few words. */
export function commandText({ parameters }: CommandRecord): string {
  if ("power_value" in parameters) return `Limit power to ${parameters.power_value} ${parameters.unit ?? "%"}`;
  if ("value" in parameters) return `Write ${parameters.value} to register ${parameters.register_address}`;
  const { register_address: address, count = 1 } = parameters;
  return count === 1 ? `Read register ${address}` : `Read ${count} registers from ${address}`;
}
