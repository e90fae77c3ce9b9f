import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { EventStreams } from "./event_streams.ts";
import { type Access, type AccessIo, isAuthentic } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { PROBLEMS } from "./problem_schema.ts";

interface EventsApiIo extends AccessIo {
  readonly events: EventStreams;
}

/** `/events`: what happens, as it happens, for as long as the credentials hold. */
export function addEventRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: EventsApiIo): void {
  api.openapi(eventsRoute(access), (c) => {
    const request = c.req.raw;
    const body = io.events.open(c.get("token").id, () => isAuthentic(request, io));
    return c.body(body, 200, { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" });
  });
}

function eventsRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/events",
    tags: ["events"],
    summary: "Server-sent events: sample, device, command, settings, firmware and log, from now on",
    description:
      "Data is JSON and names its `device_id`; `sample` has the newest values, the others say what to read " +
      "again. Nothing is repeated after a break. A reader that is too slow is cut off.",
    ...access("viewer"),
    responses: {
      200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } },
      ...PROBLEMS,
    },
  });
}
