import type { FirmwareRollout } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { to } from "../../router.ts";

type Member = FirmwareRollout["devices"][number];

const TONE: Record<Member["stage"], Tone> = {
  waiting: "calm",
  offered: "busy",
  updated: "good",
  failed: "bad",
  left: "warn",
};

/** The devices of a rollout by wave, with the reasons of those that failed or went back. */
export function RolloutDevices({ rollout }: { readonly rollout: FirmwareRollout }) {
  const { devices, waves, phase } = rollout;
  const waveOf = new Map<string, number>();
  let start = 0;
  for (const [index, wave] of waves.entries()) {
    for (const { device_id } of devices.slice(start, start + wave.devices)) waveOf.set(device_id, index + 1);
    start += wave.devices;
  }
  return (
    <details open={phase === "running" && devices.length <= 10}>
      <summary>{devices.length === 1 ? "1 device" : `${devices.length} devices`}</summary>
      <DataTable
        caption={`Devices of rollout ${rollout.id}`}
        columns={[
          { title: "Device", cell: ({ device_id }: Member) => <a href={to("devices", device_id)}>{device_id}</a> },
          { title: "Wave", number: true, cell: ({ device_id }) => waveOf.get(device_id) ?? waves.length },
          {
            title: "Stage",
            cell: ({ stage, reason }) => (
              <>
                <Badge tone={TONE[stage]} text={stage} /> {reason !== null && <span class="problem">{reason}</span>}
              </>
            ),
          },
          { title: "Attempts", number: true, wide: true, cell: ({ attempts }) => attempts },
          {
            title: "Not before",
            wide: true,
            cell: ({ stage, not_before_ms }) =>
              stage === "waiting" && not_before_ms > Date.now() ? <RelativeTime at={not_before_ms} /> : "",
          },
        ]}
        rows={devices}
        rowKey={({ device_id }) => device_id}
        empty={<p class="faint">No device</p>}
      />
    </details>
  );
}
