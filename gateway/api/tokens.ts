import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import type { Management } from "../management/management.ts";
import { Role, type Token } from "../store/tokens.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

export const TokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  created_at_ms: z.number().int(),
  expires_at_ms: z.number().int().nullable(),
  revoked_at_ms: z.number().int().nullable(),
  last_used_ms: z.number().int().nullable().describe("To the hour"),
}).openapi("Token");

const PRINTABLE = /^[\p{L}\p{N}\p{P}\p{S} ]+$/u;

const NewTokenBody = z.strictObject({
  name: z.string().min(1).max(64).regex(PRINTABLE, "must be printable").openapi({ pattern: PRINTABLE.source })
    .describe("Who or what uses it"),
  role: Role,
  expires_at_ms: z.number().int().positive().optional().describe("Never when left out"),
}).openapi("NewToken");

interface TokensApiIo {
  readonly management: Pick<Management, "createToken" | "listTokens" | "revokeToken">;
  readonly clock: Pick<Clock, "now">;
}

/** `/api/v1/tokens`: who may use this API. */
export function addTokenRoutes(api: OpenAPIHono<ApiEnv>, access: Access, { management, clock }: TokensApiIo): void {
  api.openapi(listRoute(access), (c) => c.json({ tokens: management.listTokens().map(tokenView) }, 200));
  api.openapi(createTokenRoute(access), async (c) => {
    const { name, role, expires_at_ms: expiresAt } = c.req.valid("json");
    if (expiresAt !== undefined && expiresAt <= clock.now()) {
      const fields = [{ path: "expires_at_ms", message: "must lie in the future" }];
      throw new Fault("refused", "Cannot create a token that has expired already", { fields });
    }
    const made = await management.createToken({ name, role, ...(expiresAt === undefined ? {} : { expiresAt }) });
    return c.json({ ...tokenView(made.token), token: made.secret }, 201);
  });
  api.openapi(revokeRoute(access), async (c) => {
    await management.revokeToken(c.req.valid("param").id);
    return c.body(null, 204);
  });
}

function tokenView({ id, name, role, createdAt, expiresAt, revokedAt, lastUsedAt }: Token) {
  return {
    id,
    name,
    role,
    created_at_ms: createdAt,
    expires_at_ms: expiresAt ?? null,
    revoked_at_ms: revokedAt ?? null,
    last_used_ms: lastUsedAt ?? null,
  };
}

const PATH = "/api/v1/tokens";
const tags = ["tokens"];

function listRoute(access: Access) {
  return createRoute({
    method: "get",
    path: PATH,
    tags,
    summary: "All tokens, without their secrets",
    ...access("admin"),
    responses: { 200: json(z.object({ tokens: z.array(TokenView) }), "The tokens"), ...PROBLEMS },
  });
}

function createTokenRoute(access: Access) {
  return createRoute({
    method: "post",
    path: PATH,
    tags,
    summary: "Makes a token and tells its secret, once",
    ...takingJson(access("admin")),
    request: { body: jsonRequest(NewTokenBody) },
    responses: { 201: json(TokenView.extend({ token: z.string() }), "The token"), ...PROBLEMS },
  });
}

function revokeRoute(access: Access) {
  const params = z.object({
    id: z.string().regex(/^[0-9a-f]{10}$/, "must be the id of a token"),
  });
  return createRoute({
    method: "delete",
    path: `${PATH}/{id}`,
    tags,
    summary: "Revokes a token at once",
    ...access("admin"),
    request: { params },
    responses: { 204: { description: "Done" }, ...PROBLEMS },
  });
}
