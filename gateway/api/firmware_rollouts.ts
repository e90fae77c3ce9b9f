import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DeviceId } from "../../protocol/device_id.ts";
import { WindowText } from "../rollout/maintenance_window.ts";
import {
  FIRMWARE_STAGES,
  FirmwarePhase,
  FirmwareStage,
  type StoredFirmwareRollout,
} from "../store/port/firmware_rollout.ts";
import { FirmwareModel, FirmwareVersion } from "../../ota/manifest/version.ts";
import type { Amount, FirmwarePlan } from "../firmware/rollout_plan.ts";
import type { FirmwareRollouts } from "../firmware/rollouts.ts";
import { MAX_DEVICES } from "../rollout/selection.ts";
import { Label } from "../store/labels.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { DeviceParam } from "./devices.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";
import {
  addRolloutRoutes,
  changeRoute,
  DeviceReasonView,
  deviceReasonView,
  RolloutReasonView,
  rolloutReasonView,
  startRoute,
} from "./rollout_routes.ts";
import { whoIs } from "./settings.ts";

export const View = z.object({
  id: z.number().int(),
  phase: FirmwarePhase,
  ...RolloutReasonView,
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
    stage: FirmwareStage,
    attempts: z.number().int(),
    not_before_ms: z.number().int(),
    ...DeviceReasonView,
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
const START = {
  body: Body,
  summary: "Rolls a firmware out to devices by name or label, or to all of its model",
  started: "The rollout; its first wave is open",
};

const ROLLOUTS = { path: "/api/v1/rollouts", of: "firmware", view: View } as const;

interface FirmwareRolloutsApiIo {
  readonly firmwareRollouts: FirmwareRollouts;
  readonly management: { device(deviceId: string): { readonly model: string } };
}

/** `/api/v1/rollouts`: firmware for many devices in waves; a direct assignment is a rollout of one. */
export function addFirmwareRolloutRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { firmwareRollouts: rollouts, management }: FirmwareRolloutsApiIo,
): void {
  addRolloutRoutes(api, access, ROLLOUTS, { rollouts, viewOf });
  api.openapi(startRoute(access, ROLLOUTS, START), async (c) => {
    return c.json(viewOf(await rollouts.start(planOf(c.req.valid("json"), whoIs(c.get("token"))))), 201);
  });
  api.openapi(assignRoute(access), async (c) => {
    const { device_id } = c.req.valid("param");
    const { model } = management.device(device_id);
    const body = Body.parse({ model, version: c.req.valid("json").version, devices: [device_id] });
    return c.json(viewOf(await rollouts.start(planOf(body, whoIs(c.get("token"))))), 201);
  });
  for (const kind of ["pause", "resume", "abort"] as const) {
    api.openapi(changeRoute(access, ROLLOUTS, kind), async (c) => {
      const change = { kind, by: whoIs(c.get("token")), restore: true };
      return c.json(viewOf(await rollouts.change(c.req.valid("param").id, change)), 200);
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

function viewOf({ id, rollout }: StoredFirmwareRollout): z.infer<typeof View> {
  const counts = { waiting: 0, offered: 0, updated: 0, failed: 0, left: 0 };
  for (const { stage } of rollout.members) counts[FIRMWARE_STAGES[stage]]++;
  return {
    id,
    phase: rollout.phase,
    ...rolloutReasonView(rollout, "firmware"),
    ...rollout.goal,
    by: rollout.by,
    created_at_ms: rollout.createdAt,
    wave: rollout.wave + 1,
    waves: rollout.policy.waves,
    counts,
    devices: rollout.members.map(({ device: device_id, stage, attempts, notBefore: not_before_ms, reason }) => {
      return { device_id, stage: FIRMWARE_STAGES[stage], attempts, not_before_ms, ...deviceReasonView({ reason }) };
    }),
  };
}

function assignRoute(access: Access) {
  return createRoute({
    method: "post",
    path: "/api/v1/devices/{device_id}/firmware",
    tags: [ROLLOUTS.of],
    summary: "Assigns a firmware to one device",
    ...takingJson(access("operator")),
    request: {
      params: DeviceParam,
      body: jsonRequest(AssignBody),
    },
    responses: { 201: json(View, "The rollout of one device"), ...PROBLEMS },
  });
}
