import { createRoute, z } from "@hono/zod-openapi";
import type { Access } from "./access.ts";
import { jsonBody } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

/** Rollouts of one kind, as operators find them. */
interface RolloutResource<Path extends string, View extends z.ZodType, Body extends z.ZodType> {
  readonly path: Path;
  /** What is rolled out. */
  readonly of: "firmware" | "settings";
  readonly view: View;
  /** What starts one. */
  readonly body: Body;
}

/** The `{id}` of a path. */
export const RolloutParam = z.object({
  id: z.string().regex(/^[1-9]\d{0,14}$/, "must be the number of a rollout").transform(Number)
    .openapi({ type: "integer", example: 1 }),
});

export function listRoute<Path extends string, View extends z.ZodType, Body extends z.ZodType>(
  access: Access,
  { path, of, view }: RolloutResource<Path, View, Body>,
) {
  const query = z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) });
  return createRoute({
    method: "get",
    path,
    tags: [of],
    summary: `The rollouts of ${of}, the newest first`,
    ...access("viewer"),
    request: { query },
    responses: { 200: json(z.object({ rollouts: z.array(view) }), "Rollouts"), ...PROBLEMS },
  });
}

export function getRoute<Path extends string, View extends z.ZodType, Body extends z.ZodType>(
  access: Access,
  { path, of, view }: RolloutResource<Path, View, Body>,
) {
  return createRoute({
    method: "get",
    path: `${path}/{id}`,
    tags: [of],
    summary: "How a rollout stands",
    ...access("viewer"),
    request: { params: RolloutParam },
    responses: { 200: json(view, "The rollout"), ...PROBLEMS },
  });
}

/** `summary`: what it does; `started`: what the answer is. */
export function startRoute<Path extends string, View extends z.ZodType, Body extends z.ZodType>(
  access: Access,
  { path, of, view, body }: RolloutResource<Path, View, Body>,
  { summary, started }: { readonly summary: string; readonly started: string },
) {
  const guard = access("operator");
  return createRoute({
    method: "post",
    path,
    tags: [of],
    summary,
    security: guard.security,
    middleware: [guard.middleware, jsonBody],
    request: { body: { required: true, content: { "application/json": { schema: body } } } },
    responses: { 201: json(view, started), ...PROBLEMS },
  });
}
