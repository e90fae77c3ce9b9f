import type { z } from "zod";

/** What the gateway said to a request, proven to be the gateway's. */
export type GatewayReply<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** It declines for good: asking again is no use. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nothing to be had now; not before `waitMs`. `drips`: an answer came, so slowly that it was not waited for. */
  | { readonly kind: "later"; readonly reason: string; readonly waitMs: number; readonly drips?: true };

/** The signed way to the gateway. Aborting `signal` ends a request as `later`. */
export interface Gateway {
  ask<T>(path: string, message: unknown, schema: z.ZodType<T>, signal: AbortSignal): Promise<GatewayReply<T>>;
}
