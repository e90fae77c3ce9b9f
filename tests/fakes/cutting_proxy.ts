/** A way to a server on which connections are cut after so many bytes, for a number of times; then it holds. */
export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** Cuts so far. */
  readonly cuts: () => number;
}

/** Stands before `port` on this machine. `budget`: bytes, both directions together, that the next connection carries; `most` cuts. */
export function cuttingProxy(
  port: number,
  { most, budget, active }: {
    readonly most: number;
    readonly budget: () => number;
    /** Whether bytes count now. */
    readonly active: () => boolean;
  },
): CuttingProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let cuts = 0;
  const carry = async (client: Deno.Conn) => {
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    const both = [client, server] as const;
    for (const end of both) open.add(end);
    let left = budget();
    let closed = false;
    const close = () => {
      if (closed) return;
      closed = true;
      for (const end of both) {
        open.delete(end);
        end.close();
      }
    };
    const pipe = async (from: Deno.Conn, to: Deno.Conn) => {
      const buffer = new Uint8Array(16_384);
      try {
        for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
          const counts = active() && cuts < most;
          const passed = counts ? Math.min(count, left) : count;
          if (counts) left -= passed;
          for (let done = 0; done < passed;) done += await to.write(buffer.subarray(done, passed));
          if (left > 0) continue;
          if (!closed) cuts++;
          break;
        }
      } catch {
        // the other direction was cut, or an end went away
      }
      close();
    };
    await Promise.all([pipe(client, server), pipe(server, client)]);
  };
  const accepting = (async () => {
    for await (const client of listener) void carry(client).catch(() => client.close());
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const end of open) end.close();
      open.clear();
      await accepting;
    },
  };
}
