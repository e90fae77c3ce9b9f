import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DeviceId } from "../../protocol/device_id.ts";
import { SettingsValues } from "../../protocol/settings/settings.ts";
import {
  SETTINGS_STAGES,
  SettingsPhase,
  settingsPhaseOf,
  SettingsStage,
  type StoredSettingsRollout,
} from "../store/port/settings_rollout.ts";
import type { Outlook, RolloutPlan } from "../settings/rollout_plan.ts";
import type { SettingsRollouts } from "../settings/rollouts.ts";
import { MAX_DEVICES } from "../rollout/selection.ts";
import { Label } from "../store/labels.ts";
import { TemplateName } from "../store/settings_templates.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";
import {
  addRolloutRoutes,
  DeviceReasonView,
  deviceReasonView,
  RolloutParam,
  RolloutReasonView,
  rolloutReasonView,
  startRoute,
} from "./rollout_routes.ts";
import { whoIs } from "./settings.ts";
import { TemplateSettings } from "./settings_templates.ts";
import { ChangeView, changeView, Key } from "./settings_view.ts";

/** A rollout of settings. */
export const View = z.object({
  id: z.number().int(),
  phase: SettingsPhase.describe("canary and rest are running; failed and aborted say why"),
  ...RolloutReasonView,
  template: z.string().nullable(),
  settings: SettingsValues,
  by: z.string(),
  created_at_ms: z.number().int(),
  canary_devices: z.number().int(),
  healthy_for_s: z.number(),
  healthy_since_ms: z.number().int().nullable().describe("Since when all that are watched are healthy"),
  devices: z.array(z.object({
    device_id: z.string(),
    stage: SettingsStage.describe("left: removed, or set by somebody else since"),
    version: z.number().int().nullable().describe("The version of its settings that the rollout made"),
    ...DeviceReasonView,
  })),
}).openapi("SettingsRollout");

const Body = z.strictObject({
  template: TemplateName.optional(),
  settings: TemplateSettings.optional().describe("Instead of a template; what is left out stays as it is"),
  devices: z.array(DeviceId).min(1).max(MAX_DEVICES).optional().describe("By name, in this order"),
  model: z.string().min(1).max(64).optional(),
  label: Label.optional(),
  canary: z.strictObject({
    devices: z.number().int().min(1).max(MAX_DEVICES).describe("How many go first"),
    healthy_for_s: z.number().min(0).max(30 * 86_400).describe(
      "How long they have to be healthy before the rest follow",
    ),
    apply_within_s: z.number().min(1).max(30 * 86_400).optional()
      .describe("In which time they have to apply the settings; three upload intervals and a minute when left out"),
  }).optional().describe("Left out: all at once, and nobody watches"),
})
  .refine(({ template, settings }) => (template === undefined) !== (settings === undefined), {
    message: "give template or settings, one of them",
    path: ["template"],
  })
  .refine(({ devices, model, label }) => devices !== undefined || model !== undefined || label !== undefined, {
    message: "choose by devices, model or label; a device has to fit all that is given",
    path: ["devices"],
  })
  .openapi("NewSettingsRollout");

/** What a rollout would do. */
export const PreviewView = z.object({
  devices: z.array(z.object({
    device_id: z.string(),
    changes: z.array(ChangeView).describe("None: the device is to have this already, or it is refused"),
    refusals: z.array(z.object({ key: Key.nullable(), code: z.string().optional(), message: z.string() })).describe(
      "Why it cannot be set",
    ),
  })),
}).openapi("SettingsRolloutPreview");

const AbortBody = z.strictObject({
  restore: z.boolean().default(true).describe("Whether to put back what was set"),
}).openapi("AbortSettingsRollout");

const START = {
  body: Body,
  summary: "Applies settings to many devices; 422 with every reason when one of them cannot have them",
  started: "The rollout; those who go first are set",
};

const ROLLOUTS = { path: "/api/v1/settings/rollouts", of: "settings", view: View } as const;

interface RolloutsApiIo {
  readonly settingsRollouts: SettingsRollouts;
}

/** `/api/v1/settings/rollouts`: settings for many devices, some first, the rest when those stay healthy. */
export function addSettingsRolloutRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { settingsRollouts: rollouts }: RolloutsApiIo,
): void {
  addRolloutRoutes(api, access, ROLLOUTS, { rollouts, viewOf });
  api.openapi(startRoute(access, ROLLOUTS, START), async (c) => {
    const started = await rollouts.start(planOf(c.req.valid("json"), whoIs(c.get("token"))));
    return c.json(viewOf(started), 201);
  });
  api.openapi(previewRoute(access), (c) => {
    const found = rollouts.preview(planOf(c.req.valid("json"), whoIs(c.get("token"))));
    return c.json({ devices: found.map(outlookView) }, 200);
  });
  api.openapi(abortRoute(access), async (c) => {
    const abort = { kind: "abort", by: whoIs(c.get("token")), restore: c.req.valid("json").restore } as const;
    return c.json(viewOf(await rollouts.change(c.req.valid("param").id, abort)), 200);
  });
}

function planOf({ canary, ...body }: z.infer<typeof Body>, by: string): RolloutPlan {
  return {
    ...body,
    by,
    canary: canary && {
      devices: canary.devices,
      healthyForMs: 1000 * canary.healthy_for_s,
      applyWithinMs: canary.apply_within_s === undefined ? undefined : 1000 * canary.apply_within_s,
    },
  };
}

function outlookView({ device, changes, takenBy, refusals }: Outlook) {
  const taken = takenBy === undefined ? [] : [{ key: null, message: `rollout ${takenBy} of it is not over` }];
  return { device_id: device.deviceId, changes: changes.map(changeView), refusals: [...taken, ...refusals] };
}

function viewOf({ id, rollout }: StoredSettingsRollout): z.infer<typeof View> {
  const { goal: { template, settings }, policy: { waves, holdMs = 0 }, heldSince } = rollout;
  return {
    id,
    phase: settingsPhaseOf(rollout),
    ...rolloutReasonView(rollout, "settings"),
    template,
    settings,
    by: rollout.by,
    created_at_ms: rollout.createdAt,
    canary_devices: waves[0]?.devices ?? 0,
    healthy_for_s: holdMs / 1000,
    healthy_since_ms: heldSince ?? null,
    devices: rollout.members.map(({ device: device_id, stage, mark, reason }) => {
      return {
        device_id,
        stage: SETTINGS_STAGES[stage],
        version: mark?.version ?? null,
        ...deviceReasonView({ reason }),
      };
    }),
  };
}

function previewRoute(access: Access) {
  return createRoute({
    method: "post",
    path: `${ROLLOUTS.path}/preview`,
    tags: [ROLLOUTS.of],
    summary: "What a rollout would change on each device, or why it cannot; nothing is set",
    ...takingJson(access("operator")),
    request: { body: jsonRequest(Body) },
    responses: { 200: json(PreviewView, "Device by device"), ...PROBLEMS },
  });
}

function abortRoute(access: Access) {
  return createRoute({
    method: "post",
    path: `${ROLLOUTS.path}/{id}/abort`,
    tags: [ROLLOUTS.of],
    summary: "Ends a rollout that is running",
    ...takingJson(access("operator")),
    request: { params: RolloutParam, body: jsonRequest(AbortBody) },
    responses: { 200: json(View, "The rollout as it ended"), ...PROBLEMS },
  });
}
