/**
 * HTTP between parts of this program, without the kernel: a request reaches the handler that `Deno.serve` was given for the
 * port, at once. Importing this notes the handlers.
 */
const handlers = new Map<number, Deno.ServeHandler>();

const { serve } = Deno;
Object.assign(Deno, {
  serve(options: Deno.ServeTcpOptions, handler: Deno.ServeHandler) {
    const server = serve(options, handler);
    const { port } = server.addr;
    const running = new Set<Promise<Response>>();
    handlers.set(port, (request, info) => {
      const answer = Promise.try(handler, request, info);
      running.add(answer);
      const end = () => void running.delete(answer);
      answer.then(end, end);
      return answer;
    });
    const closed = () => void handlers.delete(port);
    options.signal?.addEventListener("abort", closed);
    const shutdown = server.shutdown.bind(server);
    return Object.assign(server, {
      shutdown() {
        closed();
        // As the real one does, it waits for its handlers, also of requests whose senders have gone.
        return Promise.allSettled([shutdown(), ...running]).then(() => {});
      },
    });
  },
});

/** `fetch` that knows the servers of this program only. */
export const localFetch: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const { hostname, port } = new URL(request.url);
  const handler = handlers.get(Number(port));
  if (!handler) throw new TypeError(`error sending request: ${hostname}:${port} refused the connection`);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(request.signal.reason);
  if (request.signal.aborted) abort();
  request.signal.addEventListener("abort", abort, { once: true });
  try {
    const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 0 };
    return await Promise.race([handler(request, { remoteAddr, completed: Promise.resolve() }), aborted]);
  } finally {
    request.signal.removeEventListener("abort", abort);
  }
};
