import type { Logger } from "@logtape/logtape";
import type { Clock } from "./clock.ts";
import { type ConnectionBounds, connectionBounds, keepWithinBounds } from "./connection_bounds.ts";
import { within } from "./deadline.ts";
import { listenError } from "./listen_error.ts";

interface HttpServerOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What cannot be done there, for people: `listen`, `show metrics`. */
  readonly purpose: string;
  /** Answers one request; `address` is where it came from, without the port. */
  readonly answer: (request: Request, address: string) => Response | Promise<Response>;
  /** The answer, of status 400, to a request whose Host is no host (RFC 9112 section 3.2): it has no address. */
  readonly refuse: () => Response;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Logger;
  /** What connections may be; for a box and its files when left out. */
  readonly bounds?: ConnectionBounds;
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
/** Between two attempts to listen again, after the system ended a listener. */
const AGAIN_MS = 1_000;

type Listener = Deno.HttpServer<Deno.NetAddr>;

/**
 * Starts to listen. Throws one clear line when the address cannot be had. A listener that the system ends (no file can be
 * opened any more, as when somebody holds thousands of connections) is followed by another on the same port as soon as there
 * may be one. Connections that bring no request, that are idle, or that are too many are cut.
 */
export function startHttpServer({ answer, bounds = connectionBounds(), ...rest }: HttpServerOptions): HttpServer {
  const requests = new RequestsByPort();
  const options = { ...rest, answer: requests.counting(answer) };
  let listener = listen(options);
  const { hostname, port } = listener.addr;
  const stopped = new AbortController();
  const guard = keepWithinBounds({ port, isBusy: (peerPort) => requests.isBusy(peerPort), bounds, log: options.log });
  const kept = (async () => {
    while (await endedBySystem(listener, options.log)) {
      const next = await listenAgain({ ...options, port }, stopped.signal);
      if (next === undefined) return;
      listener = next;
    }
  })();
  const end = async () => {
    await Promise.all([shutDown(listener, kept, options.clock), guard[Symbol.asyncDispose]()]);
  };
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopped.abort();
    return stopping ??= end();
  };
  return { hostname, port, stop, [Symbol.asyncDispose]: stop };
}

type Answer = (request: Request, address: string) => Response | Promise<Response>;
type CountedAnswer = (request: Request, peer: Deno.NetAddr) => Response | Promise<Response>;

/** How many requests are being answered, by the port that they came from: two addresses with one port are taken for one. */
class RequestsByPort {
  readonly #counts = new Uint16Array(65_536);

  isBusy(port: number): boolean {
    return (this.#counts[port] ?? 0) > 0;
  }

  counting(answer: Answer): CountedAnswer {
    return async (request, { hostname, port }) => {
      this.#add(port, 1);
      try {
        return await answer(request, hostname);
      } finally {
        this.#add(port, -1);
      }
    };
  }

  #add(port: number, change: 1 | -1): void {
    this.#counts[port] = (this.#counts[port] ?? 0) + change;
  }
}

/** What it takes to listen. */
interface ListenOptions extends Omit<HttpServerOptions, "answer" | "bounds"> {
  readonly answer: CountedAnswer;
}

/** Resolves when a listener is no more: true unless it was stopped. */
async function endedBySystem({ finished, addr }: Listener, log: Logger): Promise<boolean> {
  try {
    await finished;
    return false;
  } catch (error) {
    log.error("nobody can connect to {host}:{port}: {error}", { host: addr.hostname, port: addr.port, error });
    return true;
  }
}

async function listenAgain(options: ListenOptions, stopped: AbortSignal): Promise<Listener | undefined> {
  while (!stopped.aborted) {
    try {
      const listener = listen(options);
      options.log.info("listens again on {host}:{port}", { host: options.hostname, port: options.port });
      return listener;
    } catch {
      await options.clock.sleep(AGAIN_MS, stopped); // there is no file to be had yet: told when it ended
    }
  }
}

function listen({ hostname, port, purpose, answer, refuse }: ListenOptions): Listener {
  try {
    return Deno.serve(
      { hostname, port, onListen: () => {} },
      (request, { remoteAddr }) => URL.canParse(request.url) ? answer(request, remoteAddr) : refuse(),
    );
  } catch (error) {
    throw listenError(error, `Cannot ${purpose} on ${hostname}:${port}`);
  }
}

/** `Deno.serve` cannot be aborted once it shuts down: what still runs after the grace is left to the end of the process. */
async function shutDown(listener: Listener, kept: Promise<void>, clock: Pick<Clock, "sleep">): Promise<void> {
  await within(GRACE_MS, listener.shutdown().then(() => kept), { clock });
}
