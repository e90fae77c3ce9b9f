import { useResource } from "../../api/resource.ts";
import type { SettingsEvent } from "../../api/views.ts";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { PagerButtons, usePager } from "../../components/pager.tsx";
import { DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { KEYS, LABELS, type SettingKey, valueText } from "./draft.ts";

interface Props {
  /** Of the settings. */
  readonly path: string;
  readonly where: (event: { readonly device_id?: string }) => boolean;
}

interface Events {
  readonly events: readonly SettingsEvent[];
  readonly next: number | null;
}

const PAGE = 25;

/** Every change, delivery, report and outcome, the newest first. */
export function HistoryCard({ path, where }: Props) {
  const pager = usePager<number>(path);
  const before = pager.before === undefined ? "" : `&before=${pager.before}`;
  const history = useResource<Events>(`${path}/history?limit=${PAGE}${before}`, {
    on: ["settings"],
    where,
    stays: true,
  });
  return (
    <Card title="History">
      <Loaded resource={history}>
        {({ events }) => (
          <DataTable
            caption="What happened to the settings"
            columns={[
              { title: "When", cell: ({ last_at_ms }: SettingsEvent) => <RelativeTime at={last_at_ms} /> },
              { title: "Result", cell: ({ ok }) => <Sign ok={ok} /> },
              { title: "What", cell: ({ event, times }) => `${textOf(event)}${times > 1 ? ` (${times} times)` : ""}` },
              { title: "Version", number: true, wide: true, cell: ({ version }) => version },
            ]}
            rows={events}
            rowKey={({ id }) => id}
            empty={
              <Empty title="Nothing was ever set from here">
                <p>The device goes by its own configuration. A change above begins the history.</p>
              </Empty>
            }
          />
        )}
      </Loaded>
      <PagerButtons pager={pager} next={history.isOwn ? history.value?.next : undefined} />
    </Card>
  );
}

function Sign({ ok }: { readonly ok: boolean | null }) {
  if (ok === null) return <span class="faint" aria-label="neither">–</span>;
  return (
    <span class={`sign ${ok ? "good" : "bad"}`} role="img" aria-label={ok ? "done" : "failed"}>{ok ? "✓" : "✗"}</span>
  );
}

/** The settings as devices name them. */
const KEY_OF: Record<Extract<SettingsEvent["event"], { kind: "report" }>["parameter"], SettingKey> = {
  poll_frequency: "poll_interval_s",
  upload_frequency: "upload_interval_s",
  register_list: "registers",
};

function textOf(event: SettingsEvent["event"]): string {
  switch (event.kind) {
    case "set": {
      const changed = KEYS.filter((key) => JSON.stringify(event.from[key]) !== JSON.stringify(event.to[key]));
      const what = changed.map((key) => `${LABELS[key].toLowerCase()} ${valueText(key, event.to[key])}`).join(", ");
      return `Set by ${event.by}: ${what || "the same again"}`;
    }
    case "delivered":
      return "Told to the device";
    case "report":
      return `The device ${event.status} its ${LABELS[KEY_OF[event.parameter]].toLowerCase()}${
        event.reason === undefined ? "" : `: ${event.reason}`
      }`;
    case "outcome":
      return { in_sync: "In sync", rejected: "Rejected", reverted: "Reverted by the device" }[event.state];
    default:
      return event satisfies never;
  }
}
