import { openTcp } from "../modbus/tcp_stream.ts";
import { tcpLine } from "../modbus/lines.ts";
import type { Found } from "./identify.ts";
import { type LineNeeds, type ScanIo, scanLine, type Search } from "./lines.ts";

/** What of the network is looked at. */
interface TcpScanOptions extends Search {
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  readonly units: readonly number[];
  /** Milliseconds for a connection. */
  readonly connectMs: number;
}

/** An endpoint that takes connections, and what is behind it. */
export interface TcpFound {
  readonly host: string;
  readonly port: number;
  readonly found: readonly Found[];
  /** How the line has to be configured for them. */
  readonly needs: LineNeeds;
}

/** Endpoints tried, and talked to, at the same time. */
const AT_ONCE = 128;
/** Milliseconds in which an inverter notices that a connection is gone. */
const RELEASE_MS = 1000;

/**
 * Looks for inverters on a network: who takes a connection is talked to at once, while the others are still tried; the
 * usual port of all hosts comes first. Results in the order of the hosts. `progress`: 0 to 1.
 */
export async function scanTcp(
  { hosts, ports, ...how }: TcpScanOptions,
  io: ScanIo,
  progress: (share: number) => void = () => {},
): Promise<readonly TcpFound[]> {
  const all = ports.flatMap((port) => hosts.map((host) => ({ host, port })));
  let done = 0;
  const found = await inParallel(all, AT_ONCE, async (endpoint) => {
    const takes = !io.signal.aborted && await takesConnections(endpoint, how.connectMs, io);
    const talked = takes ? [{ ...endpoint, ...await talk(endpoint, how, io) }] : [];
    progress(++done / all.length);
    return talked;
  });
  const place = new Map(hosts.map((host, i) => [host, i]));
  return found.flat().toSorted((a, b) => (place.get(a.host) ?? 0) - (place.get(b.host) ?? 0));
}

type Talked = Pick<TcpFound, "found" | "needs">;

async function talk(
  endpoint: { readonly host: string; readonly port: number },
  { units, connectMs, ...how }: Omit<TcpScanOptions, "hosts" | "ports">,
  io: ScanIo,
): Promise<Talked> {
  const options = { ...endpoint, connectTimeoutMs: connectMs };
  const line = tcpLine(options, io.clock); // what is noticed of its devices stays with it
  let first = await scanLine(line, units, how, io);
  if (first.trouble !== undefined) {
    await io.clock.sleep(RELEASE_MS, io.signal); // many take one connection, and the sweep's was the one
    first = await scanLine(line, units, how, io);
  }
  if (first.found.length > 0 || first.named.length === 0) return first;
  const named = await scanLine(line, first.named, how, io);
  if (named.found.length > 0) return named;
  const { found, needs } = await scanLine(
    tcpLine({ ...options, quirks: { ignore_unit_id: true } }, io.clock),
    units,
    how,
    io,
  );
  return { found, needs: { ...needs, quirks: ["ignore_unit_id", ...needs.quirks] } };
}

async function takesConnections(
  endpoint: { readonly host: string; readonly port: number },
  connectTimeoutMs: number,
  { clock, signal }: ScanIo,
): Promise<boolean> {
  try {
    (await openTcp({ ...endpoint, connectTimeoutMs }, clock, signal)).close();
    return true;
  } catch {
    return false;
  }
}

/** `work` on all items, at most `most` of them at the same time; results in the order of the items. */
async function inParallel<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results.set(index, await work(item));
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return items.flatMap((_, index) => results.get(index) ?? []);
}
