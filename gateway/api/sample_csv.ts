import type { Bytes } from "../../crypto/bytes.ts";
import { utf8 } from "../../crypto/bytes.ts";
import type { Summary } from "../store/bucket.ts";
import type { Selection } from "../store/sample_selection.ts";
import type { Row } from "./sample_rows.ts";
import type { Resolution } from "./sample_request.ts";

/** Columns that a register has in a rollup, in this order. */
const SUMMARY = ["count", "min", "max", "sum", "mean", "last"] as const satisfies readonly (keyof Summary)[];

/** Rows that are made at a time, between which others are served. */
const ROWS = 256;

/**
 * Rows as CSV (RFC 4180, with a header): `time,inverter,quality` and a column for each register, in a rollup one for each of
 * count, min, max, sum, mean and last. Times are RFC 3339 UTC; a gap is empty. Pulled by the client, in constant memory.
 */
export function csvStream(rows: Iterable<Row>, selection: Selection, resolution: Resolution): ReadableStream<Bytes> {
  const source = rows[Symbol.iterator]();
  let head: string | undefined = headLine(selection, resolution);
  return new ReadableStream<Bytes>({
    pull(controller) {
      const lines: string[] = head === undefined ? [] : [head];
      head = undefined;
      while (lines.length < ROWS) {
        const next = source.next();
        if (next.done) break;
        lines.push(rowLine(next.value, selection.columns.length, resolution));
      }
      if (lines.length > 0) controller.enqueue(utf8(lines.join("")));
      if (lines.length < ROWS) controller.close();
    },
    cancel: () => void source.return?.(),
  }, { highWaterMark: 0 });
}

function headLine({ columns }: Selection, resolution: Resolution): string {
  const names = columns.flatMap(({ name }) => resolution === "raw" ? [name] : SUMMARY.map((key) => `${name}_${key}`));
  return line(["time", "inverter", "quality", ...names]);
}

function rowLine({ at, inverter, quality, values }: Row, columns: number, resolution: Resolution): string {
  const cells = Array.from({ length: columns }, (_, column) => cellsOf(values[column], resolution)).flat();
  return line([new Date(at).toISOString(), inverter, quality, ...cells]);
}

function cellsOf(value: number | Summary | undefined, resolution: Resolution): readonly string[] {
  if (typeof value === "number") return [String(value)];
  if (resolution === "raw") return [""];
  return SUMMARY.map((key) => value === undefined ? "" : String(value[key]));
}

/** No cell can hold a comma, a quote or a line break: names of inverters and registers are plain. */
function line(cells: readonly string[]): string {
  return `${cells.join(",")}\r\n`;
}
