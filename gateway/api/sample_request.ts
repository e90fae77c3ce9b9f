import { z } from "@hono/zod-openapi";
import { BUCKET_MS, type RollupResolution } from "../store/rollups.ts";

const MAX_TIME = 2 ** 44;
const DAY_MS = BUCKET_MS["1d"];

/** A time as clients write it: RFC 3339, or unix milliseconds. Gives unix milliseconds. */
const Time = z.string().transform((text, c) => {
  const ms = /^\d{1,14}$/.test(text) ? Number(text) : RFC3339.safeParse(text).success ? Date.parse(text) : NaN;
  if (ms >= 0 && ms < MAX_TIME) return ms;
  c.addIssue({ code: "custom", message: "must be a time, as 2026-06-21T12:00:00Z or in unix milliseconds" });
  return z.NEVER;
}).openapi({ type: "string", example: "2026-06-21T12:00:00Z" });
const RFC3339 = z.iso.datetime({ offset: true });

const Inverter = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be the name of an inverter");
const Registers = z.string().max(4096).transform((text) => text.split(","))
  .pipe(
    z.array(z.string().min(1).max(64)).min(1).max(64).refine((names) => new Set(names).size === names.length, {
      message: "names a register twice",
    }),
  ).openapi({ type: "string", example: "Pac,Vac1" });

/** How finely samples are told. */
export const Resolution = z.enum(["raw", "1m", "15m", "1d"]);
export type Resolution = z.infer<typeof Resolution>;

/** Where the next page goes on: after the first `skip` points of the time `at`. */
export interface Cursor {
  readonly resolution: Resolution;
  readonly at: number;
  readonly skip: number;
}

const CursorText = z.string().regex(/^(raw|1m|15m|1d)\.\d{1,14}\.\d{1,9}$/, "is not the `next` of a page")
  .transform((text): Cursor => {
    const [resolution, at, skip] = text.split(".");
    return { resolution: Resolution.parse(resolution), at: Number(at), skip: Number(skip) };
  }).openapi({ type: "string", example: "1m.1782043200000.1" });

/** The query keys of what samples are asked for. */
export const RangeQuery = z.object({
  inverter: Inverter.optional().describe("All of the device when left out"),
  registers: Registers.optional().describe("Names, separated by commas; all when left out"),
  from: Time.optional().describe("First time; a day before `to` when left out"),
  to: Time.optional().describe("First time that is not wanted any more; now when left out"),
  resolution: z.enum(["raw", "1m", "15m", "1d", "auto"]).default("auto")
    .describe("`auto`: the finest that fits `limit` and is still kept. Days are UTC days"),
});

/** The query keys of a page of points. */
export const PageQuery = RangeQuery.extend({
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000).describe("Most points in the answer"),
  cursor: CursorText.optional().describe("`next` of the page before; the rest of the query stays as it was"),
});

/** The text of a cursor. */
export function cursorText({ resolution, at, skip }: Cursor): string {
  return `${resolution}.${at}.${skip}`;
}

/** What is known about a range before it is read. */
interface RangeFacts {
  readonly from: number;
  readonly to: number;
  readonly now: number;
  /** Most points wanted. */
  readonly limit: number;
  /** Samples stored in the range; asked for only where the range is short. */
  readonly rawCount: () => number;
  /** Milliseconds each resolution is kept; `undefined` for ever. */
  readonly ages: { readonly [R in Resolution]: number | undefined };
}

/** The finest resolution whose points fit the limit and that is still kept at the start of the range. */
export function chooseResolution({ from, to, now, limit, rawCount, ages }: RangeFacts): Resolution {
  const kept = (resolution: Resolution) => from >= now - (ages[resolution] ?? Infinity);
  if (to - from <= DAY_MS && kept("raw")) {
    const count = rawCount();
    if (count > 0 && count <= limit) return "raw";
  }
  const fits = (resolution: RollupResolution) => (to - from) / BUCKET_MS[resolution] <= limit;
  if (fits("1m") && kept("1m")) return "1m";
  return fits("15m") && kept("15m") ? "15m" : "1d";
}
