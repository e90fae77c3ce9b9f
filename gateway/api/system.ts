import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ENTRY_LEVELS } from "../../platform/recent_log.ts";
import { alarmText } from "../system/alarm_text.ts";
import { type Alarm, SEVERITIES } from "../system/alarms.ts";
import type { Backups } from "../system/backups.ts";
import { alarmsNow } from "../system/gather.ts";
import { systemReport } from "../system/report.ts";
import { type BundleIo, supportBundle } from "../system/support_bundle.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

const Count = z.number().int();
const Bytes = z.number().int();
const Days = z.union([z.number(), z.literal("forever")]);

/** How the gateway is doing. */
export const SystemView = z.object({
  version: z.string(),
  runtime: z.string(),
  time_ms: Count,
  started_at_ms: Count.nullable(),
  memory_bytes: Bytes,
  database_bytes: Bytes.describe("With its write-ahead log"),
  disk: z.object({ free_bytes: Bytes, total_bytes: Bytes }).nullable().describe("null: it cannot be told"),
  retention_days: z.object({ raw: Days, "1m": Days, "15m": Days, "1d": Days }).nullable(),
}).openapi("System");

/** Something that somebody should look after. */
const AlarmView = z.object({
  severity: z.enum(SEVERITIES),
  kind: z.enum(["device", "disk", "mqtt", "security", "weak_devices", "rollout", "firmware"]),
  about: z.string().nullable().describe("A device or a rollout; null: the gateway"),
  reason_code: z.string().describe("What is the matter, for programs"),
  message: z.string().describe("The same for people"),
  advice: z.string().describe("What helps"),
  since_ms: Count.nullable(),
}).openapi("Alarm");

/** Alarms, the worst first. */
export const AlarmsView = z.object({ alarms: z.array(AlarmView) }).openapi("Alarms");

/** Lines of the log. */
export const LogLinesView = z.object({
  entries: z.array(z.object({
    time_ms: Count,
    level: z.enum(ENTRY_LEVELS),
    area: z.string(),
    message: z.string(),
  })),
}).openapi("LogLines");

const BundleView = z.object({
  format: z.literal("ecowatt-support/1"),
  made_at: z.string().describe("RFC 3339 UTC"),
  contents: z.json().openapi({ type: "object" }).describe("For people; may have more or less in the next version"),
}).openapi("SupportBundle");

interface SystemApiIo extends BundleIo {
  readonly backups: Backups;
}

/** `/api/v1/system` and `/api/v1/alarms`: the gateway itself. */
export function addSystemRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: SystemApiIo): void {
  api.openapi(systemRoute(access), (c) => c.json(systemReport(io), 200));
  api.openapi(alarmsRoute(access), (c) => c.json({ alarms: alarmsNow(io).map(alarmView) }, 200));
  api.openapi(logRoute(access), (c) => {
    const entries = io.recentLog.latest(c.req.valid("query"));
    return c.json({ entries: entries.map(({ at, ...entry }) => ({ time_ms: at, ...entry })) }, 200);
  });
  api.openapi(backupRoute(access), async (c) => {
    return c.body(await io.backups.open(), 200, download(`ecowatt-backup-${dayOf(io)}.tar.gz`, "application/gzip"));
  });
  api.openapi(bundleRoute(access), (c) => {
    return c.json(supportBundle(io), 200, download(`ecowatt-support-${dayOf(io)}.json`, "application/json"));
  });
}

function alarmView({ about, reason, since, ...alarm }: Alarm): z.infer<typeof AlarmView> {
  const since_ms = since ?? null;
  return { ...alarm, about: about ?? null, reason_code: reason.code, ...alarmText(reason), since_ms };
}

function download(name: string, type: string): Record<string, string> {
  return { "content-type": type, "content-disposition": `attachment; filename="${name}"` };
}

function dayOf({ clock }: SystemApiIo): string {
  return new Date(clock.now()).toISOString().slice(0, 10);
}

const PATH = "/api/v1/system";
const tags = ["system"];

function systemRoute(access: Access) {
  return createRoute({
    method: "get",
    path: PATH,
    tags,
    summary: "How the gateway is doing: version, memory, disk",
    ...access("viewer"),
    responses: { 200: json(SystemView, "The gateway"), ...PROBLEMS },
  });
}

function alarmsRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/api/v1/alarms",
    tags,
    summary: "What somebody should look after now, the worst first",
    ...access("viewer"),
    responses: { 200: json(AlarmsView, "The alarms; none when all is well"), ...PROBLEMS },
  });
}

function logRoute(access: Access) {
  const query = z.object({
    limit: z.coerce.number().int().min(1).max(2_000).default(200),
    level: z.enum(ENTRY_LEVELS).default("info").describe("The least severe that is told"),
  });
  return createRoute({
    method: "get",
    path: `${PATH}/log`,
    tags,
    summary: "The newest lines of this process's log first, without secrets",
    ...access("operator"),
    request: { query },
    responses: { 200: json(LogLinesView, "The lines"), ...PROBLEMS },
  });
}

function backupRoute(access: Access) {
  return createRoute({
    method: "get",
    path: `${PATH}/backup`,
    tags,
    summary: "A backup of the database as it is now, without keys; `ecowatt restore` takes it",
    ...access("admin"),
    responses: {
      200: { description: "A gzipped tar archive", content: { "application/gzip": { schema: binary() } } },
      ...PROBLEMS,
    },
  });
}

function bundleRoute(access: Access) {
  return createRoute({
    method: "get",
    path: `${PATH}/support-bundle`,
    tags,
    summary: "Everything that helps others to see what is wrong, without secrets",
    ...access("admin"),
    responses: { 200: json(BundleView, "The bundle"), ...PROBLEMS },
  });
}

const binary = () => z.string().openapi({ type: "string", format: "binary" });
