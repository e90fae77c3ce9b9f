import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DeviceId } from "../../protocol/device_id.ts";
import { WindowText } from "../rollout/maintenance_window.ts";
import { RolloutPhase } from "../store/port/firmware_rollout.ts";
import { FirmwareModel, FirmwareVersion } from "../../ota/manifest/version.ts";
import type { Amount, FirmwarePlan } from "../firmware/rollout_plan.ts";
import type { FirmwareRolloutService } from "../firmware/rollouts.ts";
import { MAX_DEVICES } from "../rollout/selection.ts";
import type { StoredRollout } from "../store/firmware_rollouts.ts";
import { Label } from "../store/labels.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { jsonBody } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";
import { getRoute, listRoute, RolloutParam, startRoute } from "./rollout_routes.ts";
import { whoIs } from "./settings.ts";

export const View = z.object({
  id: z.number().int(),
  phase: RolloutPhase,
  reason: z.string().nullable(),
  model: z.string(),
  version: z.string(),
  by: z.string(),
  created_at_ms: z.number().int(),
  wave: z.number().int().describe("The wave under way, from 1"),
  waves: z.array(z.object({ devices: z.number().int(), successes: z.number().int() })),
  counts: z.object({
    waiting: z.number().int(),
    offered: z.number().int(),
    updated: z.number().int(),
    failed: z.number().int(),
    left: z.number().int(),
  }),
  devices: z.array(z.object({
    device_id: z.string(),
    stage: z.enum(["waiting", "offered", "updated", "failed", "left"]),
    attempts: z.number().int(),
    not_before_ms: z.number().int(),
    reason: z.string().nullable(),
  })),
}).openapi("FirmwareRollout");

const AmountText = z.union([
  z.number().int().min(1).max(MAX_DEVICES).transform((devices): Amount => ({ devices })),
  z.string().regex(/^(100|[1-9]\d?)%$/, "must be a number of devices, or a share such as 10%")
    .transform((text): Amount => ({ percent: Number(text.slice(0, -1)) })),
]).openapi({ type: "string", example: "10%" });

const Body = z.strictObject({
  model: FirmwareModel,
  version: FirmwareVersion,
  devices: z.array(DeviceId).min(1).max(MAX_DEVICES).optional().describe("By name, in this order"),
  label: Label.optional(),
  waves: z.array(z.strictObject({
    size: AmountText.describe("Devices, or a share of all"),
    successes: AmountText.optional().describe("Updated devices that open the next wave; all when left out"),
  })).max(20).default([]).describe("What they leave over goes in one more wave; none: all at once"),
  pause_after: z.number().int().min(1).optional().describe("Devices that failed for good"),
  abort_after: z.number().int().min(1).optional().describe("Devices that failed for good"),
  attempts: z.number().int().min(1).max(20).default(3),
  backoff_s: z.number().min(0).max(86_400).default(600).describe("Before the second attempt; doubled each time"),
  timeout_s: z.number().min(10).max(30 * 86_400).default(86_400)
    .describe("In which time an offered device has to run the new image"),
  jitter_s: z.number().min(0).max(86_400).default(0).describe("Over which the devices of a wave are spread"),
  window: WindowText.optional().openapi({ type: "string", example: "22:00-04:30" })
    .describe("Time of day in which updates begin, UTC"),
}).openapi("NewFirmwareRollout");

const AssignBody = z.strictObject({ version: FirmwareVersion }).openapi("AssignFirmware");
const DeviceParam = z.object({ device_id: DeviceId });
const STARTED = {
  summary: "Rolls a firmware out to devices by name or label, or to all of its model",
  started: "The rollout; its first wave is open",
};

const ROLLOUTS = { path: "/api/v1/rollouts", of: "firmware", view: View, body: Body } as const;

interface FirmwareRolloutsApiIo {
  readonly firmwareRolloutService: FirmwareRolloutService;
  readonly management: { device(deviceId: string): { readonly model: string } };
}

/** `/api/v1/rollouts`: firmware for many devices in waves; a direct assignment is a rollout of one. */
export function addFirmwareRolloutRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { firmwareRolloutService: service, management }: FirmwareRolloutsApiIo,
): void {
  api.openapi(listRoute(access, ROLLOUTS), (c) => {
    return c.json({ rollouts: service.latest(c.req.valid("query").limit).map(viewOf) }, 200);
  });
  api.openapi(getRoute(access, ROLLOUTS), (c) => c.json(viewOf(service.find(c.req.valid("param").id)), 200));
  api.openapi(startRoute(access, ROLLOUTS, STARTED), async (c) => {
    return c.json(viewOf(await service.start(planOf(c.req.valid("json"), whoIs(c.get("token"))))), 201);
  });
  api.openapi(assignRoute(access), async (c) => {
    const { device_id } = c.req.valid("param");
    const { model } = management.device(device_id);
    const body = Body.parse({ model, version: c.req.valid("json").version, devices: [device_id] });
    return c.json(viewOf(await service.start(planOf(body, whoIs(c.get("token"))))), 201);
  });
  for (const kind of ["pause", "resume", "abort"] as const) {
    api.openapi(changeRoute(access, kind), async (c) => {
      return c.json(viewOf(await service.change(c.req.valid("param").id, kind, whoIs(c.get("token")))), 200);
    });
  }
}

function planOf({ model, version, ...body }: z.infer<typeof Body>, by: string): FirmwarePlan {
  const { pause_after, abort_after, backoff_s, timeout_s, jitter_s, ...rest } = body;
  return {
    ...rest,
    firmware: { model, version },
    pauseAfter: pause_after,
    abortAfter: abort_after,
    backoffMs: Math.round(1000 * backoff_s),
    timeoutMs: Math.round(1000 * timeout_s),
    jitterMs: Math.round(1000 * jitter_s),
    by,
  };
}

function viewOf({ id, rollout }: StoredRollout): z.infer<typeof View> {
  const counts = { waiting: 0, offered: 0, updated: 0, failed: 0, left: 0 };
  for (const { stage } of rollout.members) counts[stage]++;
  return {
    id,
    phase: rollout.phase,
    reason: rollout.reason ?? null,
    model: rollout.model,
    version: rollout.version,
    by: rollout.by,
    created_at_ms: rollout.createdAt,
    wave: rollout.wave + 1,
    waves: rollout.policy.waves,
    counts,
    devices: rollout.members.map(({ device, stage, attempts, notBefore, reason }) => {
      return { device_id: device, stage, attempts, not_before_ms: notBefore, reason: reason ?? null };
    }),
  };
}

function assignRoute(access: Access) {
  const guard = access("operator");
  return createRoute({
    method: "post",
    path: "/api/v1/devices/{device_id}/firmware",
    tags: [ROLLOUTS.of],
    summary: "Assigns a firmware to one device",
    security: guard.security,
    middleware: [guard.middleware, jsonBody],
    request: {
      params: DeviceParam,
      body: { required: true, content: { "application/json": { schema: AssignBody } } },
    },
    responses: { 201: json(View, "The rollout of one device"), ...PROBLEMS },
  });
}

function changeRoute(access: Access, kind: "pause" | "resume" | "abort") {
  const does = { pause: "Pauses", resume: "Goes on with", abort: "Ends" }[kind];
  return createRoute({
    method: "post",
    path: `${ROLLOUTS.path}/{id}/${kind}`,
    tags: [ROLLOUTS.of],
    summary: `${does} a rollout`,
    ...access("operator"),
    request: { params: RolloutParam },
    responses: { 200: json(View, "The rollout"), ...PROBLEMS },
  });
}
