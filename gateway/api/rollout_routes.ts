import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Effect } from "../rollout/effect.ts";
import { deviceReasonText, rolloutReasonText } from "../rollout/reason_text.ts";
import type { Rollouts } from "../rollout/rollouts.ts";
import type { Member, Rollout, StoredRollout } from "../store/port/rollout.ts";
import { DEVICE_REASON_CODES, ROLLOUT_REASON_CODES } from "../store/port/rollout_reason.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

/** Why a rollout stopped: for people, and for programs. */
export const RolloutReasonView = {
  reason: z.string().nullable(),
  reason_code: z.enum(ROLLOUT_REASON_CODES).nullable().describe("recorded: by a version that kept no codes"),
};

/** Why a device failed or left. */
export const DeviceReasonView = {
  reason: z.string().nullable(),
  reason_code: z.enum(DEVICE_REASON_CODES).nullable().describe("recorded: by a version that kept no codes"),
};

type Kind = Effect<never, never>["kind"];
interface RolloutView {
  readonly id: number;
  readonly phase: string;
}

export function rolloutReasonView({ reason }: Pick<Rollout, "reason">, kind: Kind) {
  return { reason: reason ? rolloutReasonText(reason, kind) : null, reason_code: reason?.code ?? null };
}

export function deviceReasonView({ reason }: Pick<Member, "reason">) {
  return { reason: reason ? deviceReasonText(reason) : null, reason_code: reason?.code ?? null };
}

/** Where operators find the rollouts of one kind, and how they are shown. */
interface RolloutResource<View extends z.ZodType<RolloutView>> {
  readonly path: string;
  readonly of: Kind;
  readonly view: View;
}

/** All of them, and one. */
export function addRolloutRoutes<Goal, Mark>(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  resource: RolloutResource<z.ZodType<RolloutView>>,
  { rollouts, viewOf }: {
    readonly rollouts: Pick<Rollouts<Goal, Mark, never>, "latest" | "find">;
    readonly viewOf: (stored: StoredRollout<Goal, Mark>) => RolloutView;
  },
): void {
  api.openapi(listRoute(access, resource), (c) => {
    return c.json({ rollouts: rollouts.latest(c.req.valid("query").limit).map(viewOf) }, 200);
  });
  api.openapi(getRoute(access, resource), (c) => c.json(viewOf(rollouts.find(c.req.valid("param").id)), 200));
}

/** The `{id}` of a path. */
export const RolloutParam = z.object({
  id: z.string().regex(/^[1-9]\d{0,14}$/, "must be the number of a rollout").transform(Number)
    .openapi({ type: "integer", example: 1 }),
});

function listRoute<View extends z.ZodType<RolloutView>>(access: Access, { path, of, view }: RolloutResource<View>) {
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

function getRoute<View extends z.ZodType<RolloutView>>(access: Access, { path, of, view }: RolloutResource<View>) {
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

/** A change that needs no more words than its name. */
export function changeRoute<View extends z.ZodType<RolloutView>>(
  access: Access,
  { path, of, view }: RolloutResource<View>,
  kind: "pause" | "resume" | "abort",
) {
  const does = { pause: "Pauses", resume: "Goes on with", abort: "Ends" }[kind];
  return createRoute({
    method: "post",
    path: `${path}/{id}/${kind}`,
    tags: [of],
    summary: `${does} a rollout`,
    ...access("operator"),
    request: { params: RolloutParam },
    responses: { 200: json(view, "The rollout"), ...PROBLEMS },
  });
}

/** `summary`: what it does; `started`: what the answer is. */
export function startRoute<View extends z.ZodType<RolloutView>, Body extends z.ZodType>(
  access: Access,
  { path, of, view }: RolloutResource<View>,
  { body, summary, started }: { readonly body: Body; readonly summary: string; readonly started: string },
) {
  return createRoute({
    method: "post",
    path,
    tags: [of],
    summary,
    ...takingJson(access("operator")),
    request: { body: jsonRequest(body) },
    responses: { 201: json(view, started), ...PROBLEMS },
  });
}
