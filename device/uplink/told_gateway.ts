import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { Exchange } from "./gateway_client.ts";

/** The way to the gateway. */
export interface Poster {
  post(path: string, message: unknown, signal: AbortSignal): Promise<Exchange>;
}

/**
 * The same way, which tells when the gateway cannot be reached and when it can be again: once for all who use it. They have
 * to tell of what it answered only.
 */
export function toldGateway(gateway: Poster, io: { readonly clock: Clock; readonly log: Logger }): Poster {
  const trouble = new RateLimitedLog(io.log, io.clock);
  return {
    async post(path, message, signal) {
      const exchange = await gateway.post(path, message, signal);
      if (signal.aborted) return exchange;
      if (exchange.kind === "answer") trouble.ended("gateway answers again");
      else trouble.happened("gateway cannot be reached: {reason}", { reason: exchange.message });
      return exchange;
    },
  };
}
