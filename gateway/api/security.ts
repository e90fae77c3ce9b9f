import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { toHex } from "../../crypto/bytes.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import type { Management } from "../management/management.ts";
import type { Devices } from "../store/devices.ts";
import type { Replay } from "../store/replay.ts";
import { LogFilter, type LoggedValidation, Reason, type SecurityLog } from "../store/security_log.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { pageOf } from "./page.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

const Status = z.literal("success");

export const StatsView = z.object({
  status: Status,
  security_stats: z.object({
    total_validations: z.number().int(),
    valid_requests: z.number().int(),
    invalid_requests: z.number().int(),
    by_reason: z.partialRecord(Reason, z.number().int()),
    devices_tracked: z.number().int(),
    device_sequences: z.record(z.string(), z.number().int()).describe("The highest accepted number of each device"),
  }),
}).openapi("SecurityStats");

export const LogView = z.object({
  status: Status,
  device_id: z.string().nullable(),
  log_count: z.number().int(),
  log: z.array(z.object({
    id: z.number().int().describe("Counts every validation ever made"),
    timestamp: z.string().describe("RFC 3339 UTC"),
    device_id: z.string().nullable(),
    sequence: z.number().int().nullable(),
    valid: z.boolean(),
    message: z.string(),
    reason: Reason,
    path: z.string(),
    address: z.string(),
  })),
  next: z.number().int().nullable().describe("For `before`; null when there are no older ones"),
}).openapi("SecurityLog");

const ResetView = z.object({
  status: Status,
  message: z.string(),
  device_id: z.string(),
  key_number: z.number().int().optional(),
  key: z.string().optional().describe("The new key of a signed device: 64 hex digits, told only here"),
}).openapi("SecurityReset");

interface SecurityApiIo {
  readonly management: Pick<Management, "resetDevice">;
  readonly securityLog: Pick<SecurityLog, "latest" | "counts">;
  readonly replay: Pick<Replay, "highest">;
  readonly devices: Pick<Devices, "withWireId">;
}

/** `/security/*` (contract/1-link §3). */
export function addSecurityRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: SecurityApiIo): void {
  api.openapi(statsRoute(access), (c) => c.json({ status: "success", security_stats: statsOf(io) } as const, 200));
  api.openapi(logRoute(access), (c) => {
    const { device_id, outcome, before, limit } = c.req.valid("query");
    const found = io.securityLog.latest({
      deviceIds: device_id && namesOf(device_id, io),
      filter: outcome,
      before,
      limit: limit + 1,
    });
    const { items, next } = pageOf(found, limit, ({ id }) => id);
    const log = items.map(entryView);
    return c.json(
      { status: "success", device_id: device_id ?? null, log_count: log.length, log, next } as const,
      200,
    );
  });
  api.openapi(resetRoute(access), async (c) => {
    const { device_id } = c.req.valid("json");
    const key = await io.management.resetDevice(device_id);
    const message = key === undefined
      ? "The board starts again from 0; what it sent before stays refused"
      : `The device has the new key ${key.number}; its old keys are revoked`;
    const secret = key === undefined ? {} : { key_number: key.number, key: toHex(key.raw) };
    return c.json({ status: "success", message, device_id, ...secret } as const, 200);
  });
}

/** The name as it was claimed, and the boards that it may be. */
function namesOf(name: string, { devices }: SecurityApiIo): readonly string[] {
  return [name, ...devices.withWireId(name).map(({ deviceId }) => deviceId)];
}

function statsOf({ securityLog, replay }: SecurityApiIo) {
  const counts = securityLog.counts();
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const valid = counts.get("ok") ?? 0;
  const sequences = replay.highest();
  return {
    total_validations: total,
    valid_requests: valid,
    invalid_requests: total - valid,
    by_reason: Object.fromEntries(counts),
    devices_tracked: sequences.size,
    device_sequences: Object.fromEntries(sequences),
  };
}

function entryView({ id, at, deviceId, sequence, reason, path, address, detail }: LoggedValidation) {
  return {
    id,
    timestamp: new Date(at).toISOString(),
    device_id: deviceId ?? null,
    sequence: sequence ?? null,
    valid: reason === "ok",
    message: detail ?? reason,
    reason,
    path,
    address,
  };
}

const tags = ["security"];

function statsRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/security/stats",
    tags,
    summary: "How many requests of devices were accepted and refused",
    ...access("viewer"),
    responses: { 200: json(StatsView, "The counts"), ...PROBLEMS },
  });
}

function logRoute(access: Access) {
  const query = z.object({
    device_id: DeviceId.optional(),
    outcome: LogFilter.optional().describe("Only these; refused: all but the accepted ones"),
    before: z.coerce.number().int().min(1).optional().describe("Go on before this one: `next` of the page before"),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
  });
  return createRoute({
    method: "get",
    path: "/security/log",
    tags,
    summary: "The newest validations first",
    ...access("viewer"),
    request: { query },
    responses: { 200: json(LogView, "The log"), ...PROBLEMS },
  });
}

function resetRoute(access: Access) {
  const body = z.strictObject({ device_id: DeviceId }).openapi("SecurityResetRequest");
  return createRoute({
    method: "post",
    path: "/security/reset",
    tags,
    summary: "Lets a device start again: a signed one with a new key, a board from 0",
    ...takingJson(access("admin")),
    request: { body: jsonRequest(body) },
    responses: { 200: json(ResetView, "Done"), ...PROBLEMS },
  });
}
