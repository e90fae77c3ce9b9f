import { useResource } from "../api/resource.ts";
import type { Devices, FleetEnergy, Power } from "../api/views.ts";
import { NoDevices } from "../components/no_devices.tsx";
import { Loaded } from "../components/notice.tsx";
import { Card, Page } from "../components/page.tsx";
import { DevicesTable } from "./overview/devices_table.tsx";

/** All devices. */
export function DevicesPage() {
  const devices = useResource<Devices>("/api/v1/devices?limit=1000", { on: ["device"], every: 15_000 });
  const power = useResource<Power>("/api/v1/power", { on: ["device"], every: 15_000 });
  const energy = useResource<FleetEnergy>("/api/v1/energy", { every: 60_000 });
  return (
    <Page title="Devices">
      <Card title="All devices">
        <Loaded resource={devices}>
          {({ devices: all }) =>
            all.length === 0 ? <NoDevices /> : <DevicesTable devices={all} power={power.value} energy={energy.value} />}
        </Loaded>
      </Card>
    </Page>
  );
}
