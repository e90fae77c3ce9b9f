import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { METRICS_TYPE } from "../../platform/metrics/exposition.ts";
import type { GatewayMetrics } from "../metrics/gateway_metrics.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { PROBLEMS } from "./problem_schema.ts";

interface MetricsApiIo {
  readonly metrics: Pick<GatewayMetrics, "text">;
}

/** `GET /metrics`, for Prometheus; a viewer's token, as for everything else. */
export function addMetricsRoute(api: OpenAPIHono<ApiEnv>, access: Access, { metrics }: MetricsApiIo): void {
  api.openapi(metricsRoute(access), async (c) => c.text(await metrics.text(), 200, { "content-type": METRICS_TYPE }));
}

function metricsRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/metrics",
    tags: ["status"],
    summary: "What is measured, in Prometheus' text format; what is unknown is left out",
    ...access("viewer"),
    responses: {
      200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
      ...PROBLEMS,
    },
  });
}
