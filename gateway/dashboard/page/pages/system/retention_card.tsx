import type { System } from "../../api/views.ts";
import { Fact } from "../../components/fact.tsx";
import { Card } from "../../components/page.tsx";

const NAMES = { raw: "Samples as polled", "1m": "Minutes", "15m": "Quarters of an hour", "1d": "Days" } as const;

/** For how long samples are kept. */
export function RetentionCard({ days }: { readonly days: System["retention_days"] }) {
  if (days === null) return null;
  return (
    <Card title="Samples are kept">
      <dl class="facts">
        {(["raw", "1m", "15m", "1d"] as const).map((resolution) => (
          <Fact key={resolution} term={NAMES[resolution]}>
            {days[resolution] === "forever" ? "for ever" : `for ${days[resolution]} days`}
          </Fact>
        ))}
      </dl>
    </Card>
  );
}
