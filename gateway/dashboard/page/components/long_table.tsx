import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Empty } from "./empty.tsx";
import { DataTable, type TableProps } from "./table.tsx";

interface Props<T> extends TableProps<T> {
  /** What a row is looked for by. */
  readonly nameOf: (row: T) => string;
  /** Further ways to narrow the rows down; they are applied already. */
  readonly filters?: ComponentChildren;
  /** How many rows there are without them. */
  readonly total?: number;
  /** Rows that are shown at first, and more of each time. */
  readonly step?: number;
}

/** Rows that are found at a glance. */
const GLANCE = 12;

/** A table of devices, however many: they can be looked for, and are not all shown at once. */
export function LongTable<T>({ nameOf, filters, total, step = 50, ...table }: Props<T>) {
  const { rows } = table;
  const count = total ?? rows.length;
  const [words, setWords] = useState("");
  const [limit, setLimit] = useState(step);
  const found = rows.filter((row) => nameOf(row).toLowerCase().includes(words.trim().toLowerCase()));
  if (count === 0) return <>{table.empty}</>;
  return (
    <>
      {count > GLANCE && (
        <div class="filters">
          <input
            type="search"
            aria-label="Find a device"
            placeholder="Find a device…"
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
          {filters}
          <span class="faint" role="status">
            {found.length === count ? `${count} devices` : `${found.length} of ${count} devices`}
          </span>
        </div>
      )}
      <DataTable {...table} rows={found.slice(0, limit)} empty={<Empty title="No device fits the filter" />} />
      {found.length > limit && (
        <div class="more">
          <button type="button" onClick={() => setLimit(limit + step)}>
            Show {Math.min(step, found.length - limit)} more
          </button>
        </div>
      )}
    </>
  );
}
