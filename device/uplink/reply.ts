import { z } from "zod";
import type { Exchange } from "./gateway_client.ts";

/** What the gateway says to a request, for whoever knows the shape of its answer. */
export type Reply<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** The gateway itself declines what was sent, for good. */
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** There is no such path: an older gateway. */
  | { readonly kind: "unsupported"; readonly reason: string }
  /** Try again, not before `waitMs`. `drips`: an answer came, so slowly that it was not waited for. */
  | { readonly kind: "later"; readonly reason: string; readonly waitMs: number; readonly drips?: true };

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
