import { useState } from "preact/hooks";
import type { FirmwareRollout } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Card } from "../../components/page.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { useApi, useMay } from "../../session.tsx";
import { nameOf } from "./images_card.tsx";
import { RolloutDevices } from "./rollout_devices.tsx";

interface Props {
  readonly rollouts: readonly FirmwareRollout[];
  readonly onChanged: () => void;
}

const TONE: Record<FirmwareRollout["phase"], Tone> = { running: "busy", paused: "warn", done: "good", aborted: "bad" };

/** What is rolled out to whom, and how far it is. */
export function RolloutsCard({ rollouts, onChanged }: Props) {
  return (
    <Card title="Rollouts">
      {rollouts.length === 0 && (
        <Empty title="Nothing was rolled out yet">
          <p>Choose “Roll out…” at an image. Devices get it in waves, and each wave waits for the one before.</p>
        </Empty>
      )}
      <ul class="rollouts">
        {rollouts.map((rollout) => <RolloutItem key={rollout.id} rollout={rollout} onChanged={onChanged} />)}
      </ul>
    </Card>
  );
}

function RolloutItem({ rollout, onChanged }: { readonly rollout: FirmwareRollout; readonly onChanged: () => void }) {
  const { id, phase } = rollout;
  const [asked, setAsked] = useState<Change>();
  const mayChange = useMay("operator");
  const changes: readonly Change[] = phase === "running"
    ? ["pause", "abort"]
    : phase === "paused"
    ? ["resume", "abort"]
    : [];
  return (
    <li>
      <div class="card-head">
        <h3>
          {nameOf(rollout)} <Badge tone={TONE[phase]} text={phase} />
        </h3>
        <div class="actions">
          {mayChange && changes.map((change) => (
            <button
              type="button"
              key={change}
              aria-label={`${WORDS[change]} rollout ${id} of ${nameOf(rollout)}`}
              onClick={() => setAsked(change)}
            >
              {WORDS[change]}
            </button>
          ))}
        </div>
      </div>
      <RolloutProgress rollout={rollout} />
      <RolloutDevices rollout={rollout} />
      {asked && (
        <ChangeDialog
          rollout={rollout}
          change={asked}
          onDone={onChanged}
          onClose={() => setAsked(undefined)}
        />
      )}
    </li>
  );
}

function RolloutProgress({ rollout }: { readonly rollout: FirmwareRollout }) {
  const { id, reason, wave, waves, counts, devices, by, created_at_ms } = rollout;
  return (
    <>
      <progress
        aria-label={`Updated devices of rollout ${id}`}
        value={counts.updated + counts.failed + counts.left}
        max={Math.max(1, devices.length)}
      />
      <p class="rollout-line">
        <span>{counts.updated} of {devices.length} updated</span>
        {counts.failed > 0 && <span class="problem">{counts.failed} failed</span>}
        {waves.length > 1 && <span>wave {Math.min(wave, waves.length)} of {waves.length}</span>}
        <span class="faint">
          by {by}, <RelativeTime at={created_at_ms} />
        </span>
      </p>
      {reason !== null && <p class="problem">{reason}</p>}
    </>
  );
}

const WORDS = { pause: "Pause", resume: "Go on with", abort: "Abort" };
const MEANS = {
  pause: "No further device is offered the image; those that load it already go on. It can go on later.",
  resume: "Devices are offered the image again.",
  abort: "No further device is offered the image, and it cannot go on. Devices that have been updated keep it.",
};
type Change = keyof typeof WORDS;

interface DialogProps {
  readonly rollout: FirmwareRollout;
  readonly change: Change;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function ChangeDialog({ rollout, change, onDone, onClose }: DialogProps) {
  const api = useApi();
  return (
    <ConfirmDialog
      title={`${WORDS[change]} the rollout of ${nameOf(rollout)}?`}
      confirm={change === "resume" ? "Go on" : `${WORDS[change]} this rollout`}
      danger={change === "abort"}
      onConfirm={() => api.send("POST", `/api/v1/rollouts/${rollout.id}/${change}`).then(onDone)}
      onClose={onClose}
    >
      <p>{MEANS[change]}</p>
    </ConfirmDialog>
  );
}
