import { useResource } from "../api/resource.ts";
import type { Devices } from "../api/views.ts";
import { NeedsRole } from "../components/needs_role.tsx";
import { Loaded } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { LogCard } from "./security/log_card.tsx";
import { StatsFigures } from "./security/stats_figures.tsx";
import { TokensCard } from "./security/tokens_card.tsx";
import { WeakCard } from "./security/weak_card.tsx";

/** Who proves who they are, who did not, and who may use the gateway. */
export function SecurityPage() {
  const devices = useResource<Devices>("/api/v1/devices?limit=1000", { on: ["device"] });
  return (
    <Page title="Security">
      <StatsFigures />
      <Loaded resource={devices}>
        {({ devices: all }) => (
          <>
            <WeakCard devices={all} />
            <LogCard devices={all.map(({ device_id }) => device_id)} />
          </>
        )}
      </Loaded>
      <NeedsRole role="admin" what="Tokens">
        <TokensCard />
      </NeedsRole>
    </Page>
  );
}
