import { useResource } from "../../api/resource.ts";
import type { SecurityStats } from "../../api/views.ts";
import { Loaded } from "../../components/notice.tsx";
import { REASONS } from "./reasons.ts";

/** How many requests of devices were accepted and refused, since the gateway was set up. */
export function StatsFigures() {
  const stats = useResource<{ readonly security_stats: SecurityStats }>("/security/stats", {
    on: ["log"],
    every: 15_000,
  });
  return (
    <Loaded resource={stats}>
      {({ security_stats: { valid_requests, invalid_requests, by_reason, devices_tracked } }) => (
        <dl class="figures">
          <Figure
            title="Accepted requests"
            value={valid_requests}
            note={devices_tracked === 1 ? "of 1 device" : `of ${devices_tracked} devices`}
          />
          <Figure title="Refused requests" value={invalid_requests} note={refusals(by_reason)} />
          <Figure title="Replays" value={by_reason.replay ?? 0} note="Requests that came a second time" />
          <Figure
            title="Wrong signatures"
            value={by_reason.bad_signature ?? 0}
            note="Another key, or changed on the way"
          />
        </dl>
      )}
    </Loaded>
  );
}

function Figure({ title, value, note }: { readonly title: string; readonly value: number; readonly note: string }) {
  return (
    <div class="figure">
      <dt>{title}</dt>
      <dd>
        {value.toLocaleString("en")}
        <span class="note">{note}</span>
      </dd>
    </div>
  );
}

function refusals(byReason: SecurityStats["by_reason"]): string {
  const parts = Object.entries(REASONS).flatMap(([reason, text]) => {
    const count = Object.entries(byReason).find(([name]) => name === reason)?.[1] ?? 0;
    return reason === "ok" || count === 0 ? [] : [`${count} ${text}`];
  });
  return parts.length === 0 ? "None so far" : parts.join(", ");
}
