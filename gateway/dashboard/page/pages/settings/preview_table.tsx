import type { RolloutPreview } from "../../api/views.ts";
import { Badge } from "../../components/badge.tsx";
import { DataTable } from "../../components/table.tsx";
import { FromTo } from "./diff.tsx";
import { LABELS } from "./draft.ts";
import type { Preview } from "./rollout_preview.ts";

type Outlook = RolloutPreview["devices"][number];

/** What changes on each device, and who cannot have it. */
export function PreviewTable({ preview: { devices, problem } }: { readonly preview: Preview }) {
  if (problem !== undefined) return <p class="problem" role="alert">{problem}</p>;
  if (devices === undefined) return <p class="faint">Asking what would change…</p>;
  const refused = devices.filter(({ refusals }) => refusals.length > 0).length;
  return (
    <>
      <div class="preview">
        <DataTable
          caption="What changes on each device"
          columns={[
            { title: "Device", cell: ({ device_id }: Outlook) => device_id },
            { title: "What changes", cell: (outlook) => <Changes outlook={outlook} /> },
          ]}
          rows={devices}
          rowKey={({ device_id }) => device_id}
          empty={<p class="faint">Choose the devices: what changes on each is shown here before anything is set.</p>}
        />
      </div>
      {refused > 0 && (
        <p class="hint">
          {refused === 1
            ? "One device cannot have it and is left out."
            : `${refused} devices cannot have it and are left out.`}
        </p>
      )}
    </>
  );
}

function Changes({ outlook: { changes, refusals } }: { readonly outlook: Outlook }) {
  if (refusals.length > 0) {
    const text = refusals.map(({ key, message }) => key === null ? message : `${LABELS[key].toLowerCase()} ${message}`);
    return (
      <>
        <Badge tone="bad" text="cannot" /> <span>{text.join("; ")}</span>
      </>
    );
  }
  if (changes.length === 0) return <span class="faint">nothing: it is to have this already</span>;
  return (
    <ul class="plain">
      {changes.map((change) => (
        <li key={change.key}>
          {LABELS[change.key]}: <FromTo change={change} />
        </li>
      ))}
    </ul>
  );
}
