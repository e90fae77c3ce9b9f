import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { MqttLink } from "../system/mqtt_link.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

/** How the gateway is connected over MQTT. */
export const MqttView = z.object({
  enabled: z.boolean(),
  kind: z.enum(["client", "embedded"]).nullable().describe("To another broker, or it is one itself; null when off"),
  address: z.string().nullable().describe("The broker's, or where the embedded one listens"),
  tls: z.boolean(),
  connected: z.boolean(),
  since_ms: z.number().int().nullable().describe("Since when it is connected or not"),
  trouble: z.string().nullable().describe("Why it is not connected, as far as known, or what the broker does not take"),
  published: z.number().int().describe("Messages that the broker has taken"),
  dropped: z.number().int().describe("Messages dropped because too many waited"),
  waiting: z.number().int().describe("Messages that wait for the broker"),
  home_assistant: z.boolean().describe("Whether devices are announced to Home Assistant"),
}).openapi("Mqtt");

const OFF: z.infer<typeof MqttView> = {
  enabled: false,
  kind: null,
  address: null,
  tls: false,
  connected: false,
  since_ms: null,
  trouble: null,
  published: 0,
  dropped: 0,
  waiting: 0,
  home_assistant: false,
};

interface MqttApiIo {
  /** `undefined`: MQTT is off. */
  readonly mqttLink: () => MqttLink | undefined;
}

/** `/api/v1/mqtt`. */
export function addMqttRoutes(api: OpenAPIHono<ApiEnv>, access: Access, { mqttLink }: MqttApiIo): void {
  const route = createRoute({
    method: "get",
    path: "/api/v1/mqtt",
    tags: ["status"],
    summary: "How the gateway is connected over MQTT",
    ...access("viewer"),
    responses: { 200: json(MqttView, "The connection"), ...PROBLEMS },
  });
  api.openapi(route, (c) => {
    const link = mqttLink();
    return c.json(link === undefined ? OFF : viewOf(link), 200);
  });
}

function viewOf({ since, trouble, homeAssistant, ...link }: MqttLink): z.infer<typeof MqttView> {
  return {
    enabled: true,
    ...link,
    since_ms: since,
    trouble: trouble ?? null,
    home_assistant: homeAssistant,
  };
}
