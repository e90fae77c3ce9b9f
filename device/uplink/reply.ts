import { z } from "zod";
import type { GatewayReply } from "../../protocol/gateway_reply.ts";
import type { Exchange } from "./exchange.ts";

/** Statuses that speak of the request, not of the sender, the time or the server. */
const FINAL = new Set([400, 403, 404, 409, 413, 422]);
/** Statuses of a gateway that does not serve the path. 404 may be its word on a thing that it does not have. */
const UNSUPPORTED = new Set([405, 501]);
/** Longest wait that the gateway may ask for, milliseconds. */
const LONGEST_WAIT_MS = 3_600_000;

const Problem = z.object({
  detail: z.string().optional(),
  message: z.string().optional(),
  error: z.string().optional(),
});

/**
 * Reads an answer by its schema. Only what the gateway provably said is final, or says for how long to wait: anything else, a
 * captive portal's 404 or the `Retry-After` of a proxy that restarts, costs one ordinary backoff (contract/1-link §2.2).
 */
export function replyOf<T>(exchange: Exchange, schema: z.ZodType<T>): GatewayReply<T> {
  switch (exchange.kind) {
    case "unreachable":
      return exchange.drips ? { ...later(exchange.message), drips: true } : later(exchange.message);
    case "unproven":
      return later(exchange.message);
    case "answer":
      return exchange.status === 200 ? accepted(exchange.body, schema) : declined(exchange);
    default:
      return exchange satisfies never;
  }
}

function accepted<T>(body: unknown, schema: z.ZodType<T>): GatewayReply<T> {
  const answer = schema.safeParse(body);
  if (answer.success) return { kind: "ok", value: answer.data };
  return later("200, but not the answer to this request");
}

function declined({ status, body, retryAfterMs }: Extract<Exchange, { kind: "answer" }>): GatewayReply<never> {
  const problem = Problem.safeParse(body);
  const said = problem.success ? problem.data.detail ?? problem.data.message ?? problem.data.error : undefined;
  const reason = said === undefined ? `${status}` : `${status}: ${said}`;
  if (UNSUPPORTED.has(status)) return { kind: "unsupported", reason };
  return FINAL.has(status) ? { kind: "refused", status, reason } : later(reason, retryAfterMs);
}

function later(reason: string, waitMs = 0): Extract<GatewayReply<never>, { kind: "later" }> {
  return { kind: "later", reason, waitMs: Math.min(waitMs, LONGEST_WAIT_MS) };
}
