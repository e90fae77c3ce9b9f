import { useResource } from "../api/resource.ts";
import type { Devices } from "../api/views.ts";
import { NoDevices } from "../components/no_devices.tsx";
import { NeedsRole } from "../components/needs_role.tsx";
import { Loaded } from "../components/notice.tsx";
import { Card, Page } from "../components/page.tsx";
import { HistoryCard } from "./commands/history_card.tsx";
import { QueueForm } from "./commands/queue_form.tsx";

/** What inverters were told, and telling them something. `device`: the one that is meant at first. */
export function CommandsPage({ device }: { readonly device: string | undefined }) {
  const devices = useResource<Devices>("/api/v1/devices?limit=1000", { on: ["device"] });
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
              <NeedsRole role="operator" what="New commands">
                <QueueForm devices={names} first={device} />
              </NeedsRole>
              <HistoryCard devices={names} first={device} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
