import { useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { Alarm, Alarms } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { Since } from "../../components/time.tsx";
import { localTimes } from "../../components/time_text.ts";
import { to } from "../../router.ts";

const TONE: Record<Alarm["severity"], Tone> = { error: "bad", warning: "warn", notice: "calm" };

/** Alarms that are shown at first: what is below must not be pushed out of sight. */
const FEW = 5;

/** What somebody should look after, the worst first. Nothing, when nothing is wrong. */
export function AlarmsCard() {
  const [isWhole, setWhole] = useState(false);
  const alarms = useResource<Alarms>("/api/v1/alarms", { on: ["device", "firmware", "log"], every: 30_000 });
  const count = alarms.value?.alarms.length ?? 0;
  if (alarms.value && count === 0) return null;
  return (
    <Card title={count > FEW ? `Alarms (${count})` : "Alarms"}>
      <Loaded resource={alarms}>
        {({ alarms: all }) => (
          <ul class="alarms">
            {(isWhole ? all : all.slice(0, FEW)).map((alarm) => (
              <AlarmItem key={`${alarm.kind} ${alarm.about}`} alarm={alarm} />
            ))}
          </ul>
        )}
      </Loaded>
      {count > FEW && (
        <div class="more">
          <button type="button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
            {isWhole ? `Show the worst ${FEW} only` : `Show all ${count} alarms`}
          </button>
        </div>
      )}
    </Card>
  );
}

function AlarmItem({ alarm }: { readonly alarm: Alarm }) {
  const { severity, message, advice, since_ms } = alarm;
  return (
    <li>
      <Badge tone={TONE[severity]} text={severity} />
      <About alarm={alarm} />
      <span>{localTimes(message)}</span>
      {since_ms !== null && <Since at={since_ms} />}
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
