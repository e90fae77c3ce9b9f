import { setImmediate } from "node:timers";
import { z } from "@hono/zod-openapi";
import { QUALITIES, type Quality } from "../../protocol/sample.ts";
import type { SampleReader } from "../store/sample_reader.ts";
import type { Summary } from "../store/bucket.ts";
import type { RawPoint } from "../store/raw_points.ts";
import type { RollupPoint } from "../store/rollup_points.ts";
import type { Selection } from "../store/sample_selection.ts";
import type { Timed } from "../store/time_order.ts";
import type { Cursor, Resolution } from "./sample_request.ts";

const QualityName = z.enum(QUALITIES);
/** A summary of a register over a span of time. */
const SummaryView = z.object({
  count: z.number().int(),
  min: z.number(),
  max: z.number(),
  sum: z.number(),
  mean: z.number(),
  last: z.number(),
  last_ms: z.number().int(),
  quality: QualityName,
}).openapi("Summary");

/** One row of an answer. */
export const PointView = z.object({
  time_ms: z.number().int().describe("Of a rollup: the start of its span"),
  inverter: z.string(),
  quality: QualityName.describe("The worst of the row"),
  values: z.record(z.string(), z.union([z.number(), SummaryView, z.null()]))
    .describe("By register: a number (raw), a summary (rollups), or null for a gap"),
}).openapi("SamplePoint");
export type PointView = z.infer<typeof PointView>;

/** A row in either form, with its worst quality. */
export interface Row extends Timed {
  readonly quality: Quality;
  readonly values: readonly (number | Summary | undefined)[];
}

/** The rows of a selection, from a cursor on. */
export function* rowsOf(
  reader: SampleReader,
  selection: Selection,
  resolution: Resolution,
  cursor?: Cursor,
): Generator<Row> {
  const rest = cursor === undefined ? selection : { ...selection, from: Math.max(selection.from, cursor.at) };
  const points = resolution === "raw" ? reader.raw(rest) : reader.rollup(rest, resolution);
  let skip = cursor?.skip ?? 0;
  for (const point of points) {
    if (cursor !== undefined && point.at === cursor.at && skip-- > 0) continue;
    yield toRow(point);
  }
}

/** Rows read before others get their turn. */
const TURN = 512;

/** At most `limit` rows, and where the next page begins if there is one. */
export async function pageOf(
  rows: Iterable<Row>,
  limit: number,
  resolution: Resolution,
  cursor?: Cursor,
): Promise<{ readonly rows: readonly Row[]; readonly next: Cursor | undefined }> {
  const page: Row[] = [];
  for (const row of rows) {
    if (page.length === limit) return { rows: page, next: cursorAfter(page, resolution, cursor) };
    page.push(row);
    if (page.length % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { rows: page, next: undefined };
}

function cursorAfter(page: readonly Row[], resolution: Resolution, before?: Cursor): Cursor | undefined {
  const last = page.at(-1);
  if (last === undefined) return undefined;
  const same = page.filter(({ at }) => at === last.at).length;
  return { resolution, at: last.at, skip: same + (before?.at === last.at ? before.skip : 0) };
}

function toRow(point: RawPoint | RollupPoint): Row {
  if ("quality" in point) return point;
  const worst = Math.max(...point.values.map((summary) => summary?.quality ?? 0));
  return { ...point, quality: qualityName(worst) };
}

/** A row as JSON. */
export function rowView({ at, inverter, quality, values }: Row, { columns }: Selection): PointView {
  const named = columns.map(({ name }, column) => [name, valueView(values[column])] as const);
  return { time_ms: at, inverter, quality, values: Object.fromEntries(named) };
}

function valueView(value: number | Summary | undefined) {
  if (value === undefined) return null;
  if (typeof value === "number") return value;
  const { lastAt, quality, ...numbers } = value;
  return { ...numbers, last_ms: lastAt, quality: qualityName(quality) };
}

function qualityName(index: number): Quality {
  return QUALITIES[index] ?? "lossy";
}
