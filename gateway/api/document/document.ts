import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Access } from "../access.ts";
import type { ApiEnv } from "../env.ts";
import { json, PROBLEMS } from "../problem_schema.ts";
import { describeDevicePaths } from "./device_paths.ts";
import { withExamples } from "./examples.ts";
import { withRefusals } from "./refusals.ts";

const ABOUT = `Operators use everything here with a token; devices post to the paths tagged "devices' own".
Times are unix milliseconds where a name ends in \`_ms\`, else RFC 3339 UTC. Errors are RFC 9457 problems.`;

/** `/api/v1/openapi.json`: the API described by the schemas that check it, with examples that were carried out. */
export function addDocumentRoute(api: OpenAPIHono<ApiEnv>, access: Access, version: string): void {
  describeSecurity(api);
  describeDevicePaths(api.openAPIRegistry);
  let document: Readonly<Record<string, unknown>> | undefined;
  api.openapi(documentRoute(access), (c) => c.json({ ...(document ??= documentOf(api, version)) }, 200));
}

function documentOf(api: OpenAPIHono<ApiEnv>, version: string): Record<string, unknown> {
  const document = api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "EcoWatt gateway", version, description: ABOUT },
    servers: [{ url: "/", description: "This gateway" }],
  });
  return { ...withExamples(withRefusals(document)) };
}

function describeSecurity({ openAPIRegistry: registry }: OpenAPIHono<ApiEnv>): void {
  registry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An operator's token. What a route lists is the role it needs: viewer, operator or admin",
  });
  registry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "ecowatt_session",
    description: "A browser's session (POST /session). Changes also need the header X-EcoWatt-CSRF and the own origin",
  });
  registry.registerComponent("securitySchemes", "device", {
    type: "apiKey",
    in: "header",
    name: "Signature",
    description: "A node's signature with its own key: RFC 9421 over method, path, query, Content-Digest (RFC 9530), " +
      "X-Device-Id and X-Sequence-Number, with Signature-Input beside it. The answer is signed with the same key",
  });
  registry.registerComponent("securitySchemes", "board", {
    type: "apiKey",
    in: "header",
    name: "X-HMAC-SHA256",
    description:
      "What ESP32 boards send with an upload: HMAC-SHA256 over the body and X-Sequence-Number, in hex. Their " +
      "other requests have no proof at all; a board has to be registered as `legacy` for either",
  });
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
