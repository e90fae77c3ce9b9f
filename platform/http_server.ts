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
/** Between two attempts to listen again: in vain as long as the listener is there. */
const AGAIN_MS = 1_000;

type Listener = Deno.HttpServer<Deno.NetAddr>;

/**
 * Starts to listen. Throws one clear line when the address cannot be had. A listener that the system ends (no file can be
 * opened any more, as when somebody holds thousands of connections) is followed by another on the same port as soon as there
 * may be one, whatever the connections that the first one took still do. Connections that bring no request, that are idle, or
 * that are too many are cut.
 */
export function startHttpServer({ answer, bounds = connectionBounds(), ...rest }: HttpServerOptions): HttpServer {
  const requests = new RequestsByPort();
  const options = { ...rest, answer: requests.counting(answer) };
  const first = listen(options);
  const { hostname, port } = first.addr;
  const stopped = new AbortController();
  const guard = keepWithinBounds({ port, isBusy: (peerPort) => requests.isBusy(peerPort), bounds, log: options.log });
  const kept = keepListening(first, { ...options, port }, stopped.signal);
  const end = async () => {
    await Promise.all([shutDown(kept, options.clock), guard[Symbol.asyncDispose]()]);
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

/**
 * Listens as long as it is not stopped, and gives all listeners that there were. One that the system ended says so only when
 * its last connection has, so that the port is asked: nobody else can have it while somebody listens. Never rejects.
 */
async function keepListening(first: Listener, options: ListenOptions, stopped: AbortSignal): Promise<Set<Listener>> {
  const { hostname: host, port, clock, log } = options;
  const listeners = new Set<Listener>();
  const add = (listener: Listener) => {
    listeners.add(listener);
    const ended = (error?: unknown) => {
      listeners.delete(listener);
      if (error !== undefined) log.error("nobody could connect to {host}:{port}: {error}", { host, port, error });
    };
    listener.finished.then(() => ended(), ended);
  };
  add(first);
  for (;;) {
    await clock.sleep(AGAIN_MS, stopped);
    if (stopped.aborted) return listeners;
    const next = listenAgain(options);
    if (next === undefined) continue;
    add(next);
    log.error("the system ended what listened on {host}:{port}; listens again", { host, port });
  }
}

/** `undefined` where somebody listens, or where there is no file to be had yet. */
function listenAgain(options: ListenOptions): Listener | undefined {
  try {
    return listen(options);
  } catch {
    return undefined;
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
async function shutDown(kept: Promise<Set<Listener>>, clock: Pick<Clock, "sleep">): Promise<void> {
  const ended = [...await kept].map((listener) => listener.shutdown());
  await within(GRACE_MS, Promise.all(ended), { clock });
}
