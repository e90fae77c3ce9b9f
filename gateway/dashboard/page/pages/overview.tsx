import { useEffect, useState } from "preact/hooks";
import { useResource } from "../api/resource.ts";
import type { Devices, FleetEnergy, Power } from "../api/views.ts";
import { NoDevices } from "../components/no_devices.tsx";
import { Loaded } from "../components/notice.tsx";
import { Card, Page } from "../components/page.tsx";
import { type SampleEvent, useEvent } from "../live.ts";
import { AlarmsCard } from "./overview/alarms.tsx";
import { DevicesTable } from "./overview/devices_table.tsx";
import { Figures } from "./overview/figures.tsx";

/** Power now, energy today, and how everything is doing. */
export function OverviewPage() {
  const devices = useResource<Devices>("/api/v1/devices?limit=1000", { on: ["device"], every: 15_000 });
  const energy = useResource<FleetEnergy>("/api/v1/energy", { every: 15_000 });
  const power = useLivePower();
  return (
    <Page title="Overview">
      <Figures power={power.value} energy={energy.value} devices={devices.value?.devices} />
      <AlarmsCard />
      <Loaded resource={devices}>
        {({ devices: all }) => (
          <Card title="Devices">
            {all.length === 0
              ? <NoDevices />
              : <DevicesTable devices={all} power={power.value} energy={energy.value} />}
          </Card>
        )}
      </Loaded>
    </Page>
  );
}

/** The power of everything, moved on by every sample that comes in between. */
function useLivePower() {
  const resource = useResource<Power>("/api/v1/power", { on: ["device"], every: 30_000 });
  const [power, setPower] = useState<Power>();
  useEffect(() => setPower(resource.value), [resource.value]);
  useEvent("sample", (event) => setPower((known) => known && withSample(known, event)));
  return { ...resource, value: power };
}

/** Power after a sample: only devices whose power is known have one that can be moved on. */
function withSample(power: Power, { device_id, inverter, time_ms, values }: Partial<SampleEvent>): Power {
  const devices = power.devices.map((device) => {
    if (device.device_id !== device_id || device.power_w === null) return device;
    const inverters = device.inverters.map((one) => {
      const watt = one.inverter === inverter ? values?.[one.register] : undefined;
      return watt === undefined ? one : { ...one, power_w: watt, time_ms: time_ms ?? one.time_ms };
    });
    return { ...device, inverters, power_w: inverters.reduce((sum, { power_w }) => sum + power_w, 0) };
  });
  const known = devices.flatMap(({ power_w }) => power_w ?? []);
  return { ...power, devices, power_w: known.length === 0 ? null : known.reduce((sum, watt) => sum + watt, 0) };
}
