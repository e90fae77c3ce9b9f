import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { type HttpServer, startHttpServer } from "../../platform/http_server.ts";
import { expose, type Family, METRICS_TYPE } from "../../platform/metrics/exposition.ts";

/** Where a node shows its metrics, and what that takes. */
interface MetricsServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly families: () => readonly Family[];
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Logger;
}

/** Shows the families at `/metrics`. Throws one clear line when the port is taken. */
export function serveMetrics({ host: hostname, port, families, clock, log }: MetricsServerOptions): HttpServer {
  const answer = (request: Request) => {
    if (new URL(request.url).pathname !== "/metrics") return new Response("Not found\n", { status: 404 });
    if (request.method !== "GET") return new Response(null, { status: 405, headers: { allow: "GET" } });
    return new Response(expose(families()), { headers: { "content-type": METRICS_TYPE } });
  };
  const refuse = () => new Response("The Host of the request is no host\n", { status: 400 });
  return startHttpServer({ hostname, port, purpose: "show metrics", answer, refuse, clock, log });
}
