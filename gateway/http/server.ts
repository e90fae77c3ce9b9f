import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { type HttpServer, startHttpServer } from "../../platform/http_server.ts";
import { Fault } from "../fault.ts";
import { problemResponse } from "./problem.ts";

/** Answers one request; `address` is where it came from, without the port. */
export type Handler = (request: Request, address: string) => Response | Promise<Response>;

interface ServerOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly handler: Handler;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Logger;
}

/** Starts to listen. What a handler throws becomes a problem. Throws one clear line when the address cannot be had. */
export function startServer({ handler, log, ...address }: ServerOptions): HttpServer {
  const answer = async (request: Request, address: string): Promise<Response> => {
    try {
      return await handler(request, address);
    } catch (error) {
      if (error instanceof Fault) return problemResponse(error);
      log.error("request failed: {error}", { error });
      return problemResponse(new Fault("unavailable", "The gateway could not do this", { retryAfter: 30 }));
    }
  };
  const refuse = () => problemResponse(new Fault("malformed", "The Host of the request is no host"));
  return startHttpServer({ ...address, purpose: "listen", answer, refuse, log });
}
