import type { Device } from "../../api/views.ts";
import { DeviceStateBadge } from "../../components/device_state.tsx";
import { Card } from "../../components/page.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { to } from "../../router.ts";

/** What somebody should look after, the worst first. Nothing, when nothing is wrong. */
export function Alarms({ devices }: { readonly devices: readonly Device[] }) {
  const rank = { fault: 0, stale: 1, asleep: 2, ok: 3 };
  const wrong = devices.filter(({ state }) => state === "fault" || state === "stale")
    .sort((one, other) => rank[one.state] - rank[other.state] || one.state_since_ms - other.state_since_ms);
  if (wrong.length === 0) return null;
  return (
    <Card title="Alarms">
      <ul class="alarms">
        {wrong.map((device) => (
          <li key={device.device_id}>
            <DeviceStateBadge device={device} />
            <a href={to("devices", device.device_id)}>{device.device_id}</a>
            <span>{device.state_reason}</span>
            <span class="faint">
              since <RelativeTime at={device.state_since_ms} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
