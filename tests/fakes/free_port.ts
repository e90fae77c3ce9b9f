/** Below the ports that the system itself gives out (ip_local_port_range of Linux begins at 32768): nobody who asks for any gets one. */
const FIRST = 20_000;
const COUNT = 12_000;

/** A TCP port that is free, and that no test beside this one is given by the system until it is used. */
export function freePort(): number {
  for (;;) {
    const port = FIRST + Math.floor(COUNT * Math.random());
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
