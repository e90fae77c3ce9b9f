import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { FirmwareImages } from "../../ota/repository/firmware_repository.ts";
import { activeUpdates, eventsOf, statusOf, type UpdateStatusIo } from "../firmware/status.ts";
import { SessionState } from "../store/firmware_sessions.ts";
import type { Management } from "../management/management.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { DeviceParam } from "./devices.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

export const Update = z.object({
  device_id: z.string(),
  current_version: z.string().nullable().describe("What it said it runs at its last check"),
  checked_at_ms: z.number().int().nullable(),
  state: SessionState,
  version: z.string().nullable(),
  rollout: z.number().int().nullable(),
  chunks_received: z.number().int(),
  total_chunks: z.number().int(),
  percentage: z.number(),
  changed_at_ms: z.number().int().nullable(),
  reason: z.string().nullable(),
}).openapi("FirmwareUpdate");

const Event = z.object({
  at_ms: z.number().int(),
  version: z.string(),
  kind: z.string(),
  detail: z.string().nullable(),
}).openapi("FirmwareEvent");

export const OtaStatus = z.object({
  active_sessions: z.number().int(),
  sessions: z.record(z.string(), Update),
  available_versions: z.array(z.string()),
}).openapi("OtaStatus");

interface FirmwareStatusApiIo extends UpdateStatusIo {
  readonly firmware: FirmwareImages;
  readonly management: Management;
}

/** `/ota/status`, and where one device is. */
export function addFirmwareStatusRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: FirmwareStatusApiIo): void {
  api.openapi(statusRoute(access), (c) => {
    const active = activeUpdates(io);
    return c.json({
      active_sessions: active.length,
      sessions: Object.fromEntries(active.map((update) => [update.device_id, update])),
      available_versions: [...new Set(io.firmware.list().map(({ version }) => version))],
    }, 200);
  });
  api.openapi(deviceRoute(access), (c) => {
    const device = io.management.device(c.req.valid("param").device_id);
    const events = eventsOf(device, c.req.valid("query").limit, io).map(({ at, ...event }) => ({
      at_ms: at,
      ...event,
    }));
    return c.json({ ...statusOf(device, io), events }, 200);
  });
}

const tags = ["firmware"];

function statusRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/ota/status",
    tags,
    summary: "The updates that are under way",
    ...access("viewer"),
    responses: { 200: json(OtaStatus, "Updates and versions"), ...PROBLEMS },
  });
}

function deviceRoute(access: Access) {
  const query = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) });
  return createRoute({
    method: "get",
    path: "/api/v1/devices/{device_id}/firmware",
    tags,
    summary: "Where a device is with its firmware, and what happened, the newest first",
    ...access("viewer"),
    request: { params: DeviceParam, query },
    responses: { 200: json(Update.extend({ events: z.array(Event) }), "The device's update"), ...PROBLEMS },
  });
}
