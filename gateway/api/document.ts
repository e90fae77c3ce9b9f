import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

/** `/api/v1/openapi.json`: the API described by the schemas that check it. */
export function addDocumentRoute(api: OpenAPIHono<ApiEnv>, access: Access, version: string): void {
  api.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An operator's token. What a route lists is the role it needs: viewer, operator or admin",
  });
  api.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "ecowatt_session",
    description: "A browser's session (POST /session). Changes also need the header X-EcoWatt-CSRF and the own origin",
  });
  api.openapi(documentRoute(access), (c) => c.json(documentOf(api, version), 200));
}

function documentOf(api: OpenAPIHono<ApiEnv>, version: string): Record<string, unknown> {
  return {
    ...api.getOpenAPI31Document({
      openapi: "3.1.0",
      info: { title: "EcoWatt gateway", version, description: "Operator API. Errors are RFC 9457 problems." },
    }),
  };
}

function documentRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/api/v1/openapi.json",
    tags: ["status"],
    summary: "This document",
    ...access("viewer"),
    responses: { 200: json(z.record(z.string(), z.unknown()), "OpenAPI 3.1"), ...PROBLEMS },
  });
}
