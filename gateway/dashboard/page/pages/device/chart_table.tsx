import { digits } from "../../components/quantity_text.ts";
import { DataTable } from "../../components/table.tsx";
import { AbsoluteTime } from "../../components/time.tsx";
import type { Curve } from "./curve.ts";

/** Rows of a table; more say less. */
const ROWS = 200;

interface Row {
  readonly at: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The curve in numbers, the newest first: for keyboards, screen readers and those who want to copy it. */
export function ChartTable({ curve, title }: { readonly curve: Curve; readonly title: string }) {
  const rows = curve.times.flatMap((at, index): readonly Row[] => {
    const value = curve.values[index], low = curve.lows[index], high = curve.highs[index];
    if (value === null || value === undefined) return [];
    return [{ at: at * 1_000, value, low: low ?? value, high: high ?? value }];
  }).reverse();
  const text = (value: number) => `${digits(value, curve.unit)} ${curve.unit}`;
  const edges = [
    { title: "Least", number: true, cell: ({ low }: Row) => text(low) },
    { title: "Most", number: true, cell: ({ high }: Row) => text(high) },
  ];
  return (
    <div class="chart-table">
      <DataTable
        caption={title}
        columns={[
          { title: "Time", cell: ({ at }) => <AbsoluteTime at={at} /> },
          { title: curve.isSummed ? "Mean" : "Value", number: true, cell: ({ value }) => text(value) },
          ...(curve.isSummed ? edges : []),
        ]}
        rows={rows.slice(0, ROWS)}
        rowKey={({ at }) => at}
        empty={null}
      />
      {rows.length > ROWS && <p class="hint">The newest {ROWS} of {rows.length}.</p>}
    </div>
  );
}
