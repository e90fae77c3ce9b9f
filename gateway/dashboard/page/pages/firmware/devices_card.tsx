import { useResource } from "../../api/resource.ts";
import type { Device, FirmwareUpdate } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { LongTable } from "../../components/long_table.tsx";
import { NoDevices } from "../../components/no_devices.tsx";
import { Card } from "../../components/page.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { to } from "../../router.ts";

/** What each device runs, and how far it is with what it is to run. */
export function DevicesCard({ devices }: { readonly devices: readonly Device[] }) {
  return (
    <Card title="Devices">
      <LongTable
        step={25}
        nameOf={({ device_id }) => device_id}
        caption="Devices and their firmware"
        columns={[
          { title: "Device", cell: ({ device_id }: Device) => <a href={to("devices", device_id)}>{device_id}</a> },
          { title: "Model", wide: true, cell: ({ model }) => model },
          { title: "Firmware", cell: ({ device_id }) => <UpdateCell id={device_id} /> },
        ]}
        rows={devices}
        rowKey={({ device_id }) => device_id}
        empty={<NoDevices />}
      />
    </Card>
  );
}

const TONE: Record<FirmwareUpdate["state"], Tone> = {
  none: "calm",
  offered: "busy",
  downloading: "busy",
  downloaded: "busy",
  verified: "busy",
  confirmed: "good",
  failed: "bad",
  rolled_back: "bad",
};

function UpdateCell({ id }: { readonly id: string }) {
  const where = ({ device_id }: { readonly device_id?: string }) => device_id === id;
  const path = `/api/v1/devices/${encodeURIComponent(id)}/firmware?limit=1`;
  const { value, problem } = useResource<FirmwareUpdate>(path, { on: ["firmware"], where, every: 60_000 });
  if (!value) return <span class="faint">{problem ? problem.message : "…"}</span>;
  if (value.checked_at_ms === null) return <span class="faint">It has not asked for firmware yet</span>;
  return (
    <div class="update">
      <span>{value.current_version ?? "unknown"}</span>
      {value.state !== "none" && (
        <>
          <span aria-hidden="true">→</span> <span>{value.version}</span>
          <Badge tone={TONE[value.state]} text={value.state.replace("_", " ")} />
        </>
      )}
      {value.state === "downloading" && (
        <progress aria-label={`Download of ${id}`} value={value.chunks_received} max={value.total_chunks} />
      )}
      {value.state === "downloading" && <span>{value.percentage} %</span>}
      {value.reason !== null && <span class="problem">{value.reason}</span>}
      <span class="faint">
        asked <RelativeTime at={value.checked_at_ms} />
      </span>
    </div>
  );
}
