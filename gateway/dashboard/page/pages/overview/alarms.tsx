import { useResource } from "../../api/resource.ts";
import type { Alarm, Alarms } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { to } from "../../router.ts";

const TONE: Record<Alarm["severity"], Tone> = { error: "bad", warning: "warn", notice: "calm" };

/** What somebody should look after, the worst first. Nothing, when nothing is wrong. */
export function AlarmsCard() {
  const alarms = useResource<Alarms>("/api/v1/alarms", { on: ["device", "firmware", "log"], every: 30_000 });
  if (alarms.value?.alarms.length === 0) return null;
  return (
    <Card title="Alarms">
      <Loaded resource={alarms}>
        {({ alarms: all }) => (
          <ul class="alarms">
            {all.map((alarm) => <AlarmItem key={`${alarm.kind} ${alarm.about}`} alarm={alarm} />)}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function AlarmItem({ alarm }: { readonly alarm: Alarm }) {
  const { severity, message, advice, since_ms } = alarm;
  return (
    <li>
      <Badge tone={TONE[severity]} text={severity} />
      <About alarm={alarm} />
      <span>{message}</span>
      {since_ms !== null && (
        <span class="faint">
          since <RelativeTime at={since_ms} />
        </span>
      )}
      <span class="faint advice">{advice}.</span>
    </li>
  );
}

/** What an alarm is about, and where to look. */
function About({ alarm: { kind, about } }: { readonly alarm: Alarm }) {
  switch (kind) {
    case "device":
      return <a href={to("devices", about ?? "")}>{about}</a>;
    case "firmware":
    case "rollout":
      return <a href={to(about?.startsWith("settings") ? "settings" : "firmware")}>{about}</a>;
    case "security":
    case "weak_devices":
      return <a href={to("security")}>Security</a>;
    case "disk":
    case "mqtt":
      return <a href={to("system")}>System</a>;
    default:
      return kind satisfies never;
  }
}
