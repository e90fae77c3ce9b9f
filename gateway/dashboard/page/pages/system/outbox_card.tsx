import type { Device, Outbox } from "../../api/views.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Card } from "../../components/page.tsx";
import { DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { to } from "../../router.ts";

interface Row extends Outbox {
  readonly id: string;
}

/** What the nodes have yet to send, and what they could not keep. */
export function OutboxCard({ devices }: { readonly devices: readonly Device[] }) {
  const rows = devices.flatMap(({ device_id, outbox }): Row[] => outbox === null ? [] : [{ id: device_id, ...outbox }]);
  return (
    <Card title="Outboxes of nodes">
      <DataTable
        caption="Outboxes of nodes"
        columns={[
          { title: "Node", cell: ({ id }) => <a href={to("devices", id)}>{id}</a> },
          { title: "Blocks waiting", number: true, cell: ({ waiting }) => waiting },
          { title: "Oldest sample", cell: ({ oldest_ms }) => <OldestSample at={oldest_ms} /> },
          { title: "Samples dropped", number: true, cell: ({ dropped }) => <Dropped samples={dropped} /> },
        ]}
        rows={rows}
        rowKey={({ id }) => id}
        empty={
          <Empty title="No node told of its outbox">
            <p>Nodes keep their samples until the gateway has them, and tell how many wait. Boards do not.</p>
          </Empty>
        }
      />
    </Card>
  );
}

function OldestSample({ at }: { readonly at: number | null }) {
  return at === null ? <span class="faint">none waits</span> : <RelativeTime at={at} />;
}

function Dropped({ samples }: { readonly samples: number }) {
  return samples === 0 ? <>0</> : <Badge tone="warn" text={String(samples)} title="The outbox was full" />;
}
