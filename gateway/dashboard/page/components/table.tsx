import type { ComponentChildren } from "preact";

/** A column of a table of `T`. */
export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand right and align. */
  readonly number?: boolean;
  /** Left out on a narrow screen. */
  readonly wide?: boolean;
}

/** What a table is made of. */
export interface TableProps<T> {
  /** What the table shows, for those who cannot see it. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string | number;
  /** In place of a table without rows. */
  readonly empty: ComponentChildren;
}

/** Rows of one kind; the first column names the row. */
export function DataTable<T>({ caption, columns, rows, rowKey, empty }: TableProps<T>) {
  if (rows.length === 0) return <>{empty}</>;
  const classOf = ({ number, wide }: Column<T>) => [number && "number", wide && "wide"].filter(Boolean).join(" ");
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => <th key={column.title} scope="col" class={classOf(column)}>{column.title}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, index) =>
                index === 0
                  ? <th key={column.title} scope="row" class={classOf(column)}>{column.cell(row)}</th>
                  : <td key={column.title} class={classOf(column)}>{column.cell(row)}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
