import type { MiddlewareHandler } from "hono";
import type { z } from "zod";
import { systemClock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import { type BodyLimits, readBody, requireJson } from "../http/request_body.ts";
import { parseJson } from "../json_text.ts";
import type { Guard } from "./access.ts";
import type { ApiEnv } from "./env.ts";

/** An operator's request is small. */
const LIMITS: BodyLimits = { maxBytes: 1 << 20, timeoutMs: 10_000 };

/**
 * Reads a JSON body within the bounds of the gateway before anything else looks at it. Throws `Fault`: `too_large`,
 * `unsupported_media_type`, `malformed`.
 */
export const jsonBody: MiddlewareHandler<ApiEnv> = async (c, next) => {
  requireJson(c.req.raw.headers);
  const body = await readBody(c.req.raw, LIMITS, systemClock);
  const parsed = parseJson(body);
  if (!parsed.ok) throw new Fault("malformed", parsed.detail);
  const { url, method, headers } = c.req.raw;
  c.req.raw = new Request(url, { method, headers, body });
  await next();
};

/** What a route with a JSON body says of who may use it: those are checked before the body is read. */
export function takingJson({ security, middleware }: Guard) {
  return { security, middleware: [middleware, jsonBody] };
}

/** A body that is JSON of this shape. */
export function jsonRequest<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } };
}
