import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { DeviceId } from "../../protocol/device_id.ts";
import { QUALITIES } from "../../protocol/sample.ts";
import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import type { Management } from "../management/management.ts";
import type { SampleReader } from "../store/sample_reader.ts";
import type { Ages } from "../store/retention.ts";
import type { Selection } from "../store/sample_selection.ts";
import type { Access } from "./access.ts";
import { DeviceParam } from "./devices.ts";
import type { ApiEnv } from "./env.ts";
import { json, PROBLEMS } from "./problem_schema.ts";
import { csvStream } from "./sample_csv.ts";
import { chooseResolution, cursorText, PageQuery, RangeQuery, Resolution } from "./sample_request.ts";
import { pageOf, PointView, rowsOf, rowView } from "./sample_rows.ts";

const Column = z.object({ name: z.string(), unit: z.string(), description: z.string() }).openapi("RegisterColumn");

/** A page of points. */
export const SamplesView = z.object({
  device_id: z.string(),
  resolution: Resolution,
  from_ms: z.number().int(),
  to_ms: z.number().int(),
  registers: z.array(Column),
  points: z.array(PointView).describe("In order of time, then inverter"),
  next: z.string().nullable().describe("`cursor` of the next page; null on the last"),
}).openapi("Samples");

/** The newest value of every register. */
export const LatestView = z.object({
  device_id: z.string(),
  values: z.array(z.object({
    inverter: z.string(),
    register: z.string(),
    unit: z.string(),
    value: z.number(),
    time_ms: z.number().int(),
    quality: z.enum(QUALITIES),
  })),
}).openapi("LatestValues");

interface SamplesApiIo {
  readonly management: Pick<Management, "device">;
  readonly reader: SampleReader;
  readonly clock: Pick<Clock, "now">;
  readonly ages: Ages;
}

const DAY_MS = 86_400_000;
/** A CSV file may be longer than an answer that has to fit into memory. */
const CSV_POINTS = 100_000;

/** `/api/v1/devices/{device_id}/samples`, `samples.csv` and `latest`. */
export function addSampleRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: SamplesApiIo): void {
  const { reader } = io;
  api.openapi(samplesRoute(access), async (c) => {
    const { device_id } = c.req.valid("param");
    const query = c.req.valid("query");
    const selection = selectionOf(io, device_id, query);
    const { limit, cursor } = query;
    const resolution = cursor?.resolution ?? resolutionOf(io, selection, query.resolution, limit);
    const { rows, next } = await pageOf(rowsOf(reader, selection, resolution, cursor), limit, resolution, cursor);
    return c.json({
      device_id,
      resolution,
      from_ms: selection.from,
      to_ms: selection.to,
      registers: [...selection.columns],
      points: rows.map((row) => rowView(row, selection)),
      next: next === undefined ? null : cursorText(next),
    }, 200);
  });
  api.openapi(csvRoute(access), (c) => {
    const { device_id } = c.req.valid("param");
    const query = c.req.valid("query");
    const selection = selectionOf(io, device_id, query);
    const resolution = resolutionOf(io, selection, query.resolution, CSV_POINTS);
    const stream = csvStream(rowsOf(reader, selection, resolution), selection, resolution);
    return new Response(stream, {
      headers: {
        "content-type": "text/csv; charset=utf-8; header=present",
        "content-disposition": `attachment; filename="${device_id}-${resolution}.csv"`,
      },
    });
  });
  api.openapi(latestRoute(access), (c) => {
    const { device_id } = c.req.valid("param");
    const selection = selectionOf(io, device_id, c.req.valid("query"));
    const values = reader.latest(selection).map(({ at, ...value }) => ({ ...value, time_ms: at }));
    return c.json({ device_id, values }, 200);
  });
}

interface Range {
  readonly inverter?: string | undefined;
  readonly registers?: readonly string[] | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

function selectionOf({ management, reader, clock }: SamplesApiIo, deviceId: DeviceId, range: Range): Selection {
  const device = management.device(deviceId).deviceId;
  const to = range.to ?? clock.now();
  const from = range.from ?? Math.max(0, to - DAY_MS);
  if (from >= to) {
    throw new Fault("malformed", "Cannot select samples: `from` must lie before `to`", {
      fields: [{ path: "from", message: "must lie before `to`" }],
    });
  }
  return reader.select({
    device,
    from,
    to,
    ...(range.inverter === undefined ? {} : { inverter: range.inverter }),
    ...(range.registers === undefined ? {} : { registers: range.registers }),
  });
}

function resolutionOf(io: SamplesApiIo, selection: Selection, wanted: Resolution | "auto", limit: number): Resolution {
  if (wanted !== "auto") return wanted;
  const { from, to } = selection;
  return chooseResolution({
    from,
    to,
    now: io.clock.now(),
    limit,
    ages: io.ages,
    rawCount: () => io.reader.count(selection),
  });
}

const PATH = "/api/v1/devices/{device_id}";
const tags = ["samples"];

function samplesRoute(access: Access) {
  return createRoute({
    method: "get",
    path: `${PATH}/samples`,
    tags,
    summary: "Samples of a range of time, as polled or summed up",
    ...access("viewer"),
    request: { params: DeviceParam, query: PageQuery },
    responses: { 200: json(SamplesView, "A page of samples"), ...PROBLEMS },
  });
}

function csvRoute(access: Access) {
  return createRoute({
    method: "get",
    path: `${PATH}/samples.csv`,
    tags,
    summary: "All samples of a range of time as CSV",
    ...access("viewer"),
    request: { params: DeviceParam, query: RangeQuery },
    responses: {
      200: { description: "CSV with a header", content: { "text/csv": { schema: z.string() } } },
      ...PROBLEMS,
    },
  });
}

function latestRoute(access: Access) {
  const query = RangeQuery.pick({ inverter: true, registers: true });
  return createRoute({
    method: "get",
    path: `${PATH}/latest`,
    tags,
    summary: "The newest value of each register",
    ...access("viewer"),
    request: { params: DeviceParam, query },
    responses: { 200: json(LatestView, "The values"), ...PROBLEMS },
  });
}
