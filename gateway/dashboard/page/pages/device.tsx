import { useResource } from "../api/resource.ts";
import type { DeviceEnergy, DeviceWithKeys } from "../api/views.ts";
import { DeviceStateBadge } from "../components/device_state.tsx";
import { Loaded, Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { Since } from "../components/time.tsx";
import { localTimes } from "../components/time_text.ts";
import { to } from "../router.ts";
import { ChartCard } from "./device/chart_card.tsx";
import { IdentityCard } from "./device/identity_card.tsx";
import { goneInverters, GoneInvertersCard } from "./device/gone_inverters.tsx";
import { DeviceFigures } from "./device/device_figures.tsx";
import { LiveCard } from "./device/live_card.tsx";
import { useLiveValues } from "./device/live_values.ts";

/** Everything about one device. */
export function DevicePage({ id }: { readonly id: string }) {
  const path = `/api/v1/devices/${encodeURIComponent(id)}`;
  const isOurs = ({ device_id }: { readonly device_id?: string }) => device_id === id;
  const device = useResource<DeviceWithKeys>(path, { on: ["device"], where: isOurs, every: 15_000 });
  const live = useLiveValues(id);
  const energy = useResource<DeviceEnergy>(`${path}/energy?days=30`, { every: 30_000 });
  const links = (
    <>
      <a class="button" href={to("settings", id)}>Settings</a>
      <a class="button" href={to("commands", id)}>Commands</a>
    </>
  );
  return (
    <Page title={id} above={[{ title: "Devices", href: to("devices") }]} actions={links}>
      <Loaded resource={device}>
        {(known) => (
          <>
            <p class="state-line">
              <DeviceStateBadge device={known} />
              <span>{localTimes(known.state_reason)}</span>
              <Since at={known.state_since_ms} />
            </p>
            {known.weak && (
              <Notice tone="warn">
                This board signs its uploads only: nothing it is told can be proven to be from here. Give it firmware
                with signed requests when there is one.
              </Notice>
            )}
            <DeviceFigures id={id} state={known.state} live={live} energy={energy.value} />
            <div class="split">
              <ChartCard id={id} device={known} />
              <LiveCard live={live} />
            </div>
            <IdentityCard device={known} energy={energy.value} />
            {goneInverters(known).length > 0 && <GoneInvertersCard device={known} onRemoved={device.reload} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}
