/** PEM certificates. Throws an `Error` with one line for people. */
export async function readCertificates(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : "no access";
    throw new Error(`Cannot read ${path}: ${why}`, { cause: error });
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`Cannot use ${path}: it holds no PEM certificate`);
  return text;
}

/** Requests that trust an authority of one's own besides those of the system. Disposing closes its connections. */
interface TrustingFetch extends Disposable {
  readonly fetch: typeof fetch;
}

/** `fetch` that trusts what the authorities of a PEM file signed, too. Throws an `Error` with one line for people. */
export async function trustingFetch(caFile: string, request: typeof fetch): Promise<TrustingFetch> {
  const client = Deno.createHttpClient({ caCerts: [await readCertificates(caFile)] });
  return {
    fetch: (input, init) => request(input, { ...init, client }),
    [Symbol.dispose]: () => client.close(),
  };
}
