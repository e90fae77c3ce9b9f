import { useResource } from "../api/resource.ts";
import type { SettingsRollout, Standing } from "../api/views.ts";
import { NeedsRole } from "../components/needs_role.tsx";
import { NoDevices } from "../components/no_devices.tsx";
import { Loaded } from "../components/notice.tsx";
import { LongTable } from "../components/long_table.tsx";
import { Card, Page } from "../components/page.tsx";
import { to } from "../router.ts";
import { ROLLOUTS } from "./settings/rollout_preview.ts";
import { SettingsRolloutsCard } from "./settings/settings_rollouts_card.tsx";
import { StateBadge } from "./settings/settings_state.tsx";
import { TemplatesCard } from "./settings/templates_card.tsx";

/** How the settings of every device stand, the templates, and what became of those that were applied to many. */
export function SettingsPage() {
  const standings = useResource<{ readonly devices: readonly Standing[] }>("/api/v1/settings?limit=1000", {
    on: ["settings", "device"],
    every: 30_000,
  });
  const rollouts = useResource<{ readonly rollouts: readonly SettingsRollout[] }>(ROLLOUTS, {
    on: ["settings"],
    every: 15_000,
  });
  const all = standings.value?.devices ?? [];
  const applied = () => {
    rollouts.reload();
    standings.reload();
  };
  return (
    <Page title="Settings">
      <Card title="Devices">
        <Loaded resource={standings}>
          {({ devices }) => <StandingsTable standings={devices} />}
        </Loaded>
      </Card>
      <TemplatesCard devices={all.map(({ device_id }) => device_id)} onApplied={applied} />
      <Loaded resource={rollouts}>
        {({ rollouts: known }) => (
          <SettingsRolloutsCard
            rollouts={known}
            standings={new Map(all.map((standing) => [standing.device_id, standing]))}
            onChanged={applied}
          />
        )}
      </Loaded>
      <NeedsRole role="operator" what="Templates and their application" />
    </Page>
  );
}

function StandingsTable({ standings }: { readonly standings: readonly Standing[] }) {
  return (
    <LongTable
      step={25}
      nameOf={({ device_id }) => device_id}
      caption="Devices and how their settings stand"
      columns={[
        {
          title: "Device",
          cell: ({ device_id }: Standing) => <a href={to("settings", device_id)}>{device_id}</a>,
        },
        {
          title: "Settings",
          cell: (standing) => (
            <>
              <StateBadge settings={standing} />{" "}
              {standing.reason !== null && <span class="problem">{standing.reason}</span>}
            </>
          ),
        },
        {
          title: "Version",
          wide: true,
          number: true,
          cell: ({ version }) => version || <span class="faint">–</span>,
        },
      ]}
      rows={standings}
      rowKey={({ device_id }) => device_id}
      empty={<NoDevices />}
    />
  );
}
