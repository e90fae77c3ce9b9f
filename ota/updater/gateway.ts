import type { z } from "zod";
import type { GatewayReply } from "../../protocol/gateway_reply.ts";

/** The signed way to the gateway. Aborting `signal` ends a request as `later`. */
export interface Gateway {
  ask<T>(path: string, message: unknown, schema: z.ZodType<T>, signal: AbortSignal): Promise<GatewayReply<T>>;
}
