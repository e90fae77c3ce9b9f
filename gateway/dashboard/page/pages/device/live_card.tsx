import type { LatestValue } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { Quantity } from "../../components/quantity.tsx";
import { type Column, DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import type { LiveValues } from "./live_values.ts";

const QUALITY: Record<LatestValue["quality"], { readonly tone: Tone; readonly title: string }> = {
  exact: { tone: "good", title: "As the inverter said it" },
  estimated: { tone: "warn", title: "The likeliest of several readings" },
  lossy: { tone: "warn", title: "The board's compression lost some of it" },
  provisional: {
    tone: "warn",
    title: "Told as a difference from something lost, or long ago; corrected later, not counted until then",
  },
};

/** The newest value of every register. */
export function LiveCard({ live }: { readonly live: LiveValues }) {
  const { values, resource } = live;
  const several = new Set(values?.map(({ inverter }) => inverter)).size > 1;
  return (
    <Card title="Registers now">
      <Loaded resource={resource}>
        {() => (
          <DataTable
            caption="The newest value of every register"
            columns={several ? [INVERTER, ...COLUMNS] : COLUMNS}
            rows={values ?? []}
            rowKey={({ inverter, register }) => `${inverter} ${register}`}
            empty={
              <Empty title="No sample has come yet">
                <p>
                  A node uploads within seconds of its start. On the node, <code>ecowatt doctor</code>{" "}
                  finds what is missing.
                </p>
              </Empty>
            }
          />
        )}
      </Loaded>
    </Card>
  );
}

const INVERTER: Column<LatestValue> = { title: "Inverter", cell: ({ inverter }) => inverter };

const COLUMNS: readonly Column<LatestValue>[] = [
  { title: "Register", cell: ({ register }) => register },
  { title: "Value", number: true, cell: ({ value, unit }) => <Quantity value={value} unit={unit} /> },
  {
    title: "Quality",
    cell: ({ quality }) =>
      quality === "exact"
        ? <span class="faint" title={QUALITY.exact.title}>exact</span>
        : <Badge tone={QUALITY[quality].tone} text={quality} title={QUALITY[quality].title} />,
  },
  { title: "Sampled", wide: true, cell: ({ time_ms }) => <RelativeTime at={time_ms} /> },
];
