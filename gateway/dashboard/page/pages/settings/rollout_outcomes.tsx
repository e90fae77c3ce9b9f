import type { SettingsRollout, Standing } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { DataTable } from "../../components/table.tsx";
import { to } from "../../router.ts";
import { STATES } from "./settings_state.tsx";

type Member = SettingsRollout["devices"][number];

/** What became of a rollout on one device. */
interface Outcome {
  readonly tone: Tone;
  readonly text: string;
  readonly reason: string | null;
}

/** `standing`: how the device's settings stand now. */
export function outcomeOf({ stage, version, reason }: Member, standing: Standing | undefined): Outcome {
  switch (stage) {
    case "waiting":
      return { tone: "calm", text: "waits for its turn", reason };
    case "back":
      return { tone: "warn", text: "put back", reason };
    case "left":
      return { tone: "warn", text: "left out", reason };
    case "set":
      if (standing === undefined) return { tone: "calm", text: "set", reason };
      if (standing.version !== version) return { tone: "calm", text: "set again since", reason };
      return { tone: STATES[standing.state].tone, text: STATES[standing.state].text, reason: standing.reason };
    default:
      return stage satisfies never;
  }
}

/** The devices of a rollout, each with what became of it. */
export function RolloutOutcomes(
  { rollout, standings }: {
    readonly rollout: SettingsRollout;
    readonly standings: ReadonlyMap<string, Standing>;
  },
) {
  return (
    <DataTable
      caption={`Devices of rollout ${rollout.id}`}
      columns={[
        { title: "Device", cell: ({ device_id }: Member) => <a href={to("settings", device_id)}>{device_id}</a> },
        {
          title: "Outcome",
          cell: (member) => {
            const { tone, text, reason } = outcomeOf(member, standings.get(member.device_id));
            return (
              <>
                <Badge tone={tone} text={text} /> {reason !== null && <span class="problem">{reason}</span>}
              </>
            );
          },
        },
      ]}
      rows={rollout.devices}
      rowKey={({ device_id }) => device_id}
      empty={null}
    />
  );
}
