import type { Device } from "../../api/views.ts";
import { Empty } from "../../components/empty.tsx";
import { Card } from "../../components/page.tsx";
import { DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { to } from "../../router.ts";

/** Devices that prove less than they could. */
export function WeakCard({ devices }: { readonly devices: readonly Device[] }) {
  return (
    <Card title="Weak devices">
      <DataTable
        caption="Devices that sign their uploads only"
        columns={[
          { title: "Device", cell: ({ device_id }: Device) => <a href={to("devices", device_id)}>{device_id}</a> },
          { title: "Model", wide: true, cell: ({ model }) => model },
          { title: "What is weak", cell: () => "Signs its uploads only; what it is told is not signed" },
          { title: "Last upload", wide: true, cell: ({ last_upload_ms }) => <RelativeTime at={last_upload_ms} /> },
        ]}
        rows={devices.filter(({ weak }) => weak)}
        rowKey={({ device_id }) => device_id}
        empty={
          <Empty title="No device is weak">
            <p>Every registered device signs all its requests and gets signed answers.</p>
          </Empty>
        }
      />
    </Card>
  );
}
