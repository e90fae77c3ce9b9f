import { openTcp } from "../modbus/tcp_stream.ts";
import { tcpLine } from "../modbus/lines.ts";
import type { Found } from "./identify.ts";
import { type ScanIo, scanLine } from "./lines.ts";

/** What of the network is looked at. */
export interface TcpScanOptions {
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  readonly units: readonly number[];
  /** Milliseconds for a connection, and for each answer. */
  readonly connectMs: number;
  readonly answerMs: number;
}

/** An endpoint that takes connections, and what is behind it. */
export interface TcpFound {
  readonly host: string;
  readonly port: number;
  readonly found: readonly Found[];
}

/** Connections tried at the same time, and endpoints talked to. */
const SWEEP = 128;
const TALK = 16;
/** Milliseconds in which an inverter notices that a connection is gone. */
const RELEASE_MS = 1000;

/** Looks for inverters on a network: first who takes a connection, then what is behind. `progress`: 0 to 1. */
export async function scanTcp(
  { hosts, ports, units, connectMs, answerMs }: TcpScanOptions,
  io: ScanIo,
  progress: (share: number) => void = () => {},
): Promise<readonly TcpFound[]> {
  const all = hosts.flatMap((host) => ports.map((port) => ({ host, port })));
  let swept = 0;
  const open = await inParallel(all, SWEEP, async (endpoint) => {
    const takes = !io.signal.aborted && await takesConnections(endpoint, connectMs, io);
    progress(0.6 * ++swept / all.length);
    return takes ? [endpoint] : [];
  });
  let talked = 0;
  const found = await inParallel(open.flat(), TALK, async ({ host, port }) => {
    const line = tcpLine({ host, port, connectTimeoutMs: connectMs }, io.clock);
    let { found, trouble } = await scanLine(line, units, answerMs, io);
    if (trouble !== undefined) {
      await io.clock.sleep(RELEASE_MS, io.signal); // many take one connection, and the sweep's was the one
      ({ found, trouble } = await scanLine(line, units, answerMs, io));
    }
    progress(0.6 + 0.4 * ++talked / open.flat().length);
    return { host, port, found };
  });
  progress(1);
  return found;
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
