import type { Settings } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Card } from "../../components/page.tsx";
import { DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { KEYS, LABELS, type SettingKey, valueText } from "./draft.ts";

type Progress = NonNullable<Settings["progress"][SettingKey]>;

const TONES: Record<Progress["status"], Tone> = {
  pending: "busy",
  accepted: "good",
  applied: "good",
  rejected: "bad",
  reverted: "bad",
};

/** What the device is to have, beside what it says it has. */
export function TwinCard({ settings }: { readonly settings: Settings }) {
  const { desired, reported, progress, version } = settings;
  return (
    <Card title={version === 0 ? "In force" : `In force, version ${version}`}>
      <DataTable
        caption="Desired and reported settings"
        columns={[
          { title: "Setting", cell: (key: SettingKey) => LABELS[key] },
          { title: "Desired", cell: (key) => <Value setting={key} value={desired[key]} /> },
          {
            title: "Reported",
            cell: (key) =>
              reported === null
                ? <span class="faint">nothing yet</span>
                : <Value setting={key} value={reported[key]} />,
          },
          { title: "State", cell: (key) => <ProgressBadge progress={progress[key]} /> },
        ]}
        rows={KEYS}
        rowKey={(key) => key}
        empty={null}
      />
      <p class="hint">
        {reported === null ? "The device has not reported its settings yet." : (
          <>
            Reported <RelativeTime at={reported.at_ms} />
            {reported.version !== null && `, of version ${reported.version}`}.
          </>
        )}
      </p>
    </Card>
  );
}

function Value(
  { setting, value }: { readonly setting: SettingKey; readonly value: number | readonly string[] | undefined },
) {
  const text = valueText(setting, value);
  return value === undefined ? <span class="faint">{text}</span> : <>{text}</>;
}

function ProgressBadge({ progress }: { readonly progress: Progress | undefined }) {
  if (progress === undefined) return <span class="faint">–</span>;
  const { status, delivered, reason } = progress;
  const text = status === "pending" ? (delivered ? "told, not confirmed" : "waits for the device") : status;
  return (
    <>
      <Badge tone={TONES[status]} text={text} />
      {reason !== null && <span class="hint">{reason}</span>}
    </>
  );
}
