import { useState } from "preact/hooks";
import type { SettingsRollout, Standing } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Card } from "../../components/page.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { useApi, useMay } from "../../session.tsx";
import { summaryOf } from "./draft.ts";
import { outcomeOf, RolloutOutcomes } from "./rollout_outcomes.tsx";
import { ROLLOUTS } from "./rollout_preview.ts";

interface Props {
  readonly rollouts: readonly SettingsRollout[];
  readonly standings: ReadonlyMap<string, Standing>;
  readonly onChanged: () => void;
}

const PHASES: Record<SettingsRollout["phase"], { readonly tone: Tone; readonly text: string }> = {
  canary: { tone: "busy", text: "the first are watched" },
  rest: { tone: "busy", text: "the rest follow" },
  done: { tone: "good", text: "done" },
  failed: { tone: "bad", text: "failed" },
  aborted: { tone: "bad", text: "stopped" },
};

/** Settings that were set for many devices at once, and what became of it on each. */
export function SettingsRolloutsCard({ rollouts, standings, onChanged }: Props) {
  return (
    <Card title="Applied to many devices">
      {rollouts.length === 0 && (
        <Empty title="No template was applied yet">
          <p>Choose “Apply…” at a template, then the devices. What becomes of it on each of them is shown here.</p>
        </Empty>
      )}
      <ul class="rollouts">
        {rollouts.map((rollout, index) => (
          <RolloutItem
            key={rollout.id}
            rollout={rollout}
            standings={standings}
            isNewest={index === 0}
            onChanged={onChanged}
          />
        ))}
      </ul>
    </Card>
  );
}

interface ItemProps extends Omit<Props, "rollouts"> {
  readonly rollout: SettingsRollout;
  readonly isNewest: boolean;
}

function RolloutItem({ rollout, standings, isNewest, onChanged }: ItemProps) {
  const { phase, reason, devices, settings, by, created_at_ms } = rollout;
  const [isAsked, setAsked] = useState(false);
  const mayStop = useMay("operator");
  const isRunning = phase === "canary" || phase === "rest";
  const name = nameOf(rollout);
  const having = devices.filter((member) => outcomeOf(member, standings.get(member.device_id)).tone === "good").length;
  return (
    <li>
      <div class="card-head">
        <h3>
          {name} <Badge {...PHASES[phase]} />
        </h3>
        {mayStop && isRunning && (
          <button
            type="button"
            aria-label={`Stop applying ${name}`}
            onClick={() => setAsked(true)}
          >
            Stop…
          </button>
        )}
      </div>
      <p class="rollout-line">
        <span>{having} of {devices.length} in sync</span>
        {rollout.template !== null && <span>{summaryOf(settings)}</span>}
        <span class="faint">
          by {by}, <RelativeTime at={created_at_ms} />
        </span>
      </p>
      {reason !== null && <p class="problem">{reason}</p>}
      <details open={isNewest && devices.length <= 20}>
        <summary>{devices.length === 1 ? "1 device" : `${devices.length} devices`}</summary>
        <RolloutOutcomes rollout={rollout} standings={standings} />
      </details>
      {isAsked && <StopDialog rollout={rollout} onDone={onChanged} onClose={() => setAsked(false)} />}
    </li>
  );
}

function nameOf({ template, settings }: SettingsRollout): string {
  return template ?? summaryOf(settings);
}

interface StopProps {
  readonly rollout: SettingsRollout;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function StopDialog({ rollout, onDone, onClose }: StopProps) {
  const [restore, setRestore] = useState(true);
  const api = useApi();
  return (
    <ConfirmDialog
      title={`Stop applying ${nameOf(rollout)}?`}
      confirm={restore ? "Stop and put back" : "Stop"}
      danger
      onConfirm={() => api.send("POST", `${ROLLOUTS}/${rollout.id}/abort`, { body: { restore } }).then(onDone)}
      onClose={onClose}
    >
      <p>No further device is set.</p>
      <label class="check">
        <input type="checkbox" checked={restore} onChange={(event) => setRestore(event.currentTarget.checked)} />
        Put back what it has set so far
      </label>
    </ConfirmDialog>
  );
}
