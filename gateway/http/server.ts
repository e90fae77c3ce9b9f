import type { Logger } from "@logtape/logtape";
import { Fault } from "../fault.ts";
import { problemResponse } from "./problem.ts";
import { listenError } from "../../platform/listen_error.ts";
import { systemClock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";

/** Answers one request; `address` is where it came from, without the port. */
export type Handler = (request: Request, address: string) => Response | Promise<Response>;

export interface ServerOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly handler: Handler;
  readonly log: Logger;
  /** Stops the server. */
  readonly signal?: AbortSignal;
}

/** A listening HTTP server. */
export interface HttpServer extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** Takes no new connection and lets answers under way end, for less than a second. */
  stop(): Promise<void>;
}

/** How long answers under way may take after a stop. */
const GRACE_MS = 800;

/** Starts to listen. Throws one clear line when the address cannot be had. */
export function startServer(options: ServerOptions): HttpServer {
  const server = listen(options);
  let stopping: Promise<void> | undefined;
  const stop = () => stopping ??= shutDown(server);
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener("abort", stop, { once: true });
  return { hostname: server.addr.hostname, port: server.addr.port, stop, [Symbol.asyncDispose]: stop };
}

function listen({ hostname, port, handler, log }: ServerOptions): Deno.HttpServer<Deno.NetAddr> {
  const answer = async (request: Request, { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>): Promise<Response> => {
    try {
      return await handler(request, remoteAddr.hostname);
    } catch (error) {
      if (error instanceof Fault) return problemResponse(error);
      log.error("request failed: {error}", { error });
      return problemResponse(new Fault("unavailable", "The gateway could not do this", { retryAfter: 30 }));
    }
  };
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, answer);
  } catch (error) {
    throw listenError(error, `Cannot listen on ${hostname}:${port}`);
  }
}

/** `Deno.serve` cannot be aborted once it shuts down: what still runs after the grace is left to the end of the process. */
async function shutDown(server: Deno.HttpServer): Promise<void> {
  await within(GRACE_MS, server.shutdown(), { clock: systemClock });
}
