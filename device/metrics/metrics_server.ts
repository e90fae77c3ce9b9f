import { expose, type Family, METRICS_TYPE } from "../../platform/metrics/exposition.ts";
import { listenError } from "../../platform/listen_error.ts";

/** Where a node shows its metrics. */
export interface MetricsAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A page of metrics at `/metrics`. */
export interface MetricsServer extends AsyncDisposable {
  readonly port: number;
}

/** Shows the families at `/metrics`. Throws one clear line when the port is taken. */
export function serveMetrics({ host, port }: MetricsAddress, families: () => readonly Family[]): MetricsServer {
  const server = listen(host, port, (request) => {
    if (new URL(request.url).pathname !== "/metrics") return new Response("Not found\n", { status: 404 });
    if (request.method !== "GET") return new Response(null, { status: 405, headers: { allow: "GET" } });
    return new Response(expose(families()), { headers: { "content-type": METRICS_TYPE } });
  });
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

function listen(
  hostname: string,
  port: number,
  handler: (request: Request) => Response,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, handler);
  } catch (error) {
    throw listenError(error, `Cannot show metrics on ${hostname}:${port}`);
  }
}
