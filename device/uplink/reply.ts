import { z } from "zod";
import type { Reply } from "../../protocol/reply.ts";
import type { Exchange } from "./exchange.ts";

/** Statuses that speak of the request, not of the sender, the time or the server. */
const FINAL = new Set([400, 403, 404, 409, 413, 422]);
/** Statuses of an address that serves no such path. */
const UNSUPPORTED = new Set([404, 405, 501]);
/** Longest wait that the gateway may ask for, and that somebody unproven may, milliseconds. */
const PROVEN_WAIT_MS = 3_600_000;
const UNPROVEN_WAIT_MS = 300_000;

const Problem = z.object({
  detail: z.string().optional(),
  message: z.string().optional(),
  error: z.string().optional(),
});

/** Reads an answer by its schema. Only what the gateway provably said is final. */
export function replyOf<T>(exchange: Exchange, schema: z.ZodType<T>): Reply<T> {
  switch (exchange.kind) {
    case "unreachable":
      return exchange.drips ? { ...later(exchange.message), drips: true } : later(exchange.message);
    case "unproven":
      if (UNSUPPORTED.has(exchange.status)) return { kind: "unsupported", reason: exchange.message };
      return later(exchange.message, exchange.retryAfterMs);
    case "answer":
      return exchange.status === 200 ? accepted(exchange.body, schema) : declined(exchange);
    default:
      return exchange satisfies never;
  }
}

function accepted<T>(body: unknown, schema: z.ZodType<T>): Reply<T> {
  const answer = schema.safeParse(body);
  if (answer.success) return { kind: "ok", value: answer.data };
  return later("200, but not the answer to this request");
}

function declined({ status, body, retryAfterMs }: Extract<Exchange, { kind: "answer" }>): Reply<never> {
  const problem = Problem.safeParse(body);
  const said = problem.success ? problem.data.detail ?? problem.data.message ?? problem.data.error : undefined;
  const reason = said === undefined ? `${status}` : `${status}: ${said}`;
  return FINAL.has(status) ? { kind: "refused", status, reason } : later(reason, retryAfterMs, PROVEN_WAIT_MS);
}

function later(reason: string, waitMs = 0, longest = UNPROVEN_WAIT_MS): Extract<Reply<never>, { kind: "later" }> {
  return { kind: "later", reason, waitMs: Math.min(waitMs, longest) };
}
