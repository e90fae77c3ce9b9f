import { useResource } from "../api/resource.ts";
import type { Devices } from "../api/views.ts";
import { NoDevices } from "../components/no_devices.tsx";
import { Loaded, Notice } from "../components/notice.tsx";
import { Card, Page } from "../components/page.tsx";
import { useMay } from "../session.tsx";
import { HistoryCard } from "./commands/history_card.tsx";
import { QueueForm } from "./commands/queue_form.tsx";

/** What inverters were told, and telling them something. `device`: the one that is meant at first. */
export function CommandsPage({ device }: { readonly device: string | undefined }) {
  const devices = useResource<Devices>("/api/v1/devices?limit=1000", { on: ["device"] });
  const mayQueue = useMay("operator");
  return (
    <Page title="Commands">
      <Loaded resource={devices}>
        {({ devices: all }) => {
          if (all.length === 0) {
            return (
              <Card title="New command">
                <NoDevices />
              </Card>
            );
          }
          const names = all.map(({ device_id }) => device_id);
          return (
            <>
              {mayQueue
                ? <QueueForm devices={names} first={device} />
                : <Notice tone="info">Your role may look at commands; queueing them needs the role operator.</Notice>}
              <HistoryCard devices={names} first={device} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
