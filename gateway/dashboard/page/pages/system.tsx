import { useResource } from "../api/resource.ts";
import type { Devices, MqttLink, System } from "../api/views.ts";
import { sizeText } from "../components/bytes.ts";
import { NeedsRole } from "../components/needs_role.tsx";
import { Loaded } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { RelativeTime } from "../components/time.tsx";
import { Figure } from "./overview/figures.tsx";
import { DownloadsCard } from "./system/downloads_card.tsx";
import { LogLinesCard } from "./system/log_lines_card.tsx";
import { MqttCard } from "./system/mqtt_card.tsx";
import { OutboxCard } from "./system/outbox_card.tsx";
import { RetentionCard } from "./system/retention_card.tsx";

/** The gateway itself. */
export function SystemPage() {
  const system = useResource<System>("/api/v1/system", { every: 15_000 });
  const mqtt = useResource<MqttLink>("/api/v1/mqtt", { every: 15_000 });
  const devices = useResource<Devices>("/api/v1/devices?limit=1000", { on: ["device"], every: 15_000 });
  return (
    <Page title="System">
      <Loaded resource={system}>{(value) => <SystemFigures system={value} />}</Loaded>
      <div class="columns">
        <Loaded resource={mqtt}>{(link) => <MqttCard link={link} />}</Loaded>
        <Loaded resource={system}>{({ retention_days }) => <RetentionCard days={retention_days} />}</Loaded>
      </div>
      <Loaded resource={devices}>{(page) => <OutboxCard devices={page.devices} />}</Loaded>
      <NeedsRole role="admin" what="A backup and the support bundle">
        <DownloadsCard />
      </NeedsRole>
      <NeedsRole role="operator" what="The newest lines of the log">
        <LogLinesCard />
      </NeedsRole>
    </Page>
  );
}

function SystemFigures({ system }: { readonly system: System }) {
  const { version, runtime, started_at_ms, memory_bytes, database_bytes, disk } = system;
  return (
    <dl class="figures">
      <Figure title="Version" note={runtime}>{version}</Figure>
      <Figure title="Started" note="the gateway's process">
        <RelativeTime at={started_at_ms} />
      </Figure>
      <Figure title="Memory" note="resident">{sizeText(memory_bytes)}</Figure>
      <Figure title="Database" note={disk === null ? "room on its disk not known" : roomOf(disk)}>
        {sizeText(database_bytes)}
      </Figure>
    </dl>
  );
}

function roomOf({ free_bytes, total_bytes }: NonNullable<System["disk"]>): string {
  return `${sizeText(free_bytes)} of ${sizeText(total_bytes)} free on its disk`;
}
