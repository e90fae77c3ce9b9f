import { useResource } from "../api/resource.ts";
import type { Device, Devices } from "../api/views.ts";
import { NoDevices } from "../components/no_devices.tsx";
import { Loaded } from "../components/notice.tsx";
import { Card, Page } from "../components/page.tsx";
import { DataTable } from "../components/table.tsx";
import { to } from "../router.ts";
import { SettingsState } from "./settings/settings_state.tsx";
import { TemplatesCard } from "./settings/templates_card.tsx";

/** Whose settings, and the templates. */
export function SettingsPage() {
  const devices = useResource<Devices>("/api/v1/devices?limit=1000", { on: ["device"] });
  return (
    <Page title="Settings">
      <Card title="Devices">
        <Loaded resource={devices}>
          {({ devices: all }) => (
            <DataTable
              caption="Devices and how their settings stand"
              columns={[
                {
                  title: "Device",
                  cell: ({ device_id }: Device) => <a href={to("settings", device_id)}>{device_id}</a>,
                },
                { title: "Settings", cell: ({ device_id }) => <SettingsState id={device_id} /> },
                { title: "Model", wide: true, cell: ({ model }) => model },
              ]}
              rows={all}
              rowKey={({ device_id }) => device_id}
              empty={<NoDevices />}
            />
          )}
        </Loaded>
      </Card>
      <TemplatesCard />
    </Page>
  );
}
