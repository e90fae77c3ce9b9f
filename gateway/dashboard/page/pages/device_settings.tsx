import { useResource } from "../api/resource.ts";
import type { Settings } from "../api/views.ts";
import { NeedsRole } from "../components/needs_role.tsx";
import { Loaded } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { to } from "../router.ts";
import { HistoryCard } from "./settings/history_card.tsx";
import { SettingsForm } from "./settings/settings_form.tsx";
import { StateBadge } from "./settings/settings_state.tsx";
import { TwinCard } from "./settings/twin_card.tsx";

/** What one device is to have, what it has, and how that came about. */
export function DeviceSettingsPage({ id }: { readonly id: string }) {
  const path = `/api/v1/devices/${encodeURIComponent(id)}/settings`;
  const where = ({ device_id }: { readonly device_id?: string }) => device_id === id;
  const settings = useResource<Settings>(path, { on: ["settings"], where, every: 30_000 });
  return (
    <Page
      title={`Settings of ${id}`}
      above={[{ title: "Settings", href: to("settings") }]}
      actions={
        <>
          {settings.value && <StateBadge settings={settings.value} />}
          <a class="button" href={to("devices", id)}>Device</a>
        </>
      }
    >
      <Loaded resource={settings}>
        {(value) => (
          <>
            <TwinCard settings={value} />
            <NeedsRole role="operator" what="Changes of settings">
              <SettingsForm id={id} settings={value} onSaved={settings.reload} />
            </NeedsRole>
          </>
        )}
      </Loaded>
      <HistoryCard path={path} where={where} />
    </Page>
  );
}
