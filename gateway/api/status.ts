import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import type { StoreTrouble } from "../system/health.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

/** Where existing dashboards read samples (contract/1-link §3). */
const MQTT_TOPIC = "esp32/ecowatt_data";

/** What a gateway can do, for clients that ask. */
const FEATURES = [
  "signed_uploads",
  "legacy_uploads",
  "sample_blocks",
  "rollups",
  "energy",
  "csv",
  "operator_tokens",
  "openapi",
  "commands",
  "remote_settings",
  "settings_rollouts",
  "firmware",
  "firmware_rollouts",
  "mqtt",
];

const StatusView = z.object({
  server_status: z.literal("running"),
  server_version: z.string(),
  mqtt_connected: z.boolean(),
  mqtt_topic: z.string(),
  supported_features: z.array(z.string()),
  current_time: z.string().describe("RFC 3339 UTC"),
}).openapi("Status");

const HealthView = z.object({ status: z.literal("healthy") }).openapi("Health");

/** Told to everybody: its log has the rest. */
const WHY: Record<StoreTrouble, string> = {
  no_room: "its disk has no room",
  refuses_writes: "its disk takes no writes",
  no_answer: "its store does not answer",
};

interface StatusApiIo {
  readonly clock: Pick<Clock, "now">;
  readonly version: string;
  readonly mqttConnected: () => boolean;
  /** Why the store takes no samples now, if so. Never rejects. */
  readonly storeTrouble: () => Promise<StoreTrouble | undefined>;
}

/** `/status`, and `/health`, which is the only path without credentials and reveals no more than that. */
export function addStatusRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: StatusApiIo): void {
  api.openapi(statusRoute(access), (c) => {
    const view: z.infer<typeof StatusView> = {
      server_status: "running",
      server_version: io.version,
      mqtt_connected: io.mqttConnected(),
      mqtt_topic: MQTT_TOPIC,
      supported_features: FEATURES,
      current_time: new Date(io.clock.now()).toISOString(),
    };
    return c.json(view, 200);
  });
  api.openapi(healthRoute(), async (c) => {
    const trouble = await io.storeTrouble();
    if (trouble === undefined) return c.json({ status: "healthy" } as const, 200);
    throw new Fault("unavailable", `The gateway is not healthy: ${WHY[trouble]}`, { retryAfter: 5 });
  });
}

function statusRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/status",
    tags: ["status"],
    summary: "What this gateway is and can do",
    ...access("viewer"),
    responses: { 200: json(StatusView, "The status"), ...PROBLEMS },
  });
}

function healthRoute() {
  return createRoute({
    method: "get",
    path: "/health",
    tags: ["status"],
    summary: "Whether samples can be stored now; 503 when not",
    security: [],
    responses: { 200: json(HealthView, "Healthy"), ...PROBLEMS },
  });
}
