/** Time for the handshake. */
const PATIENCE_MS = 5_000;

/**
 * Why the broker behind an `mqtts://` address is not trusted; `undefined` when that is not what keeps us from it. The TLS of
 * Node as Deno up to 2.6 has it closes such a connection without a word.
 */
export async function tlsTrouble(
  url: string,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "mqtts:") return undefined;
  const end = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const ended = new Promise<undefined>((resolve) => end.addEventListener("abort", () => resolve(undefined)));
  const address = { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 8883) };
  return await Promise.race([handshake({ ...address, ...(ca === undefined ? {} : { caCerts: [ca] }) }, end), ended]);
}

async function handshake(options: Deno.ConnectTlsOptions, end: AbortSignal): Promise<string | undefined> {
  try {
    const connection = await Deno.connectTls(options);
    using stack = new DisposableStack();
    stack.defer(() => connection.close());
    if (!end.aborted) await connection.handshake();
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.InvalidData ? error.message : undefined;
  }
}
