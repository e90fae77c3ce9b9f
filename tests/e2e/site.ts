import { type Finished, run, type Running, type RunOptions, start } from "./process.ts";

/** Reads the gateway's address from what it says at its start. */
export async function gatewayUrl(gateway: Running): Promise<string> {
  return (await gateway.says(/[Gg]ateway +(?:on )?(http:\/\/[^\s;]+)/))[1] ?? "";
}

/** Starts a gateway on a free port. */
export async function startGateway(
  dataDir: string,
  port = 0,
): Promise<{ readonly url: string; readonly process: Running }> {
  const process = start(["gateway", "--data-dir", dataDir, "--port", String(port)]);
  return { url: await gatewayUrl(process), process };
}

/** What a command printed; throws when it failed. */
export async function output(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const finished: Finished = await run(args, options);
  if (finished.code !== 0) throw new Error(`ecowatt ${args.join(" ")}: exit code ${finished.code}: ${finished.err}`);
  return finished.out.trim();
}

/** One stored sample, as the operator API tells it. */
export interface Point {
  readonly time_ms: number;
  readonly values: Readonly<Record<string, number | null>>;
}

/** All samples of a device as they were polled. */
export async function samples(url: string, token: string, device: string): Promise<readonly Point[]> {
  const points: Point[] = [];
  for (let cursor = "";;) {
    const page = await ask<Page>(url, token, `/api/v1/devices/${device}/samples?resolution=raw&limit=1000${cursor}`);
    points.push(...page.points);
    if (page.next === null) return points;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

interface Page {
  readonly points: readonly Point[];
  readonly next: string | null;
}

/** A GET of the operator API; throws unless it is answered with 200. */
export async function ask<T>(url: string, token: string, path: string): Promise<T> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status}: ${text}`);
  return JSON.parse(text);
}
