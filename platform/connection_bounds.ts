import type { Logger } from "@logtape/logtape";
import { setImmediate } from "node:timers";
import { systemClock } from "./clock.ts";
import { filesAllowed } from "./file_limit.ts";
import { RateLimitedLog } from "./rate_limited_log.ts";
import { openTcpConnections, type TcpConnection, type TcpConnections } from "./tcp_connections.ts";

/** What the connections to one port may be. Times in milliseconds. */
export interface ConnectionBounds {
  /** Until the first request has come, header and all. */
  readonly headerMs: number;
  /** Without an answer, where none is under way. */
  readonly idleMs: number;
  /** Of one address. */
  readonly perPeer: number;
  readonly inAll: number;
  /** Between two looks at them. */
  readonly lookMs: number;
}

interface BoundedPort {
  readonly port: number;
  /** Whether a request is being answered that came from this port of somebody. */
  readonly isBusy: (peerPort: number) => boolean;
  readonly bounds: ConnectionBounds;
  readonly log: Logger;
}

const HEADER_MS = 10_000;
/** Longer than a client keeps an idle connection for its next request, and than anything pauses between two pieces. */
const IDLE_MS = 120_000;
const LOOK_MS = 1_000;
/** Of the files that the process may open: the rest is for the database and for what it connects to. */
const SHARE = 3 / 4;
/** A look is followed by a pause of so many times its length. */
const REST = 20;
/** Connections that are cut before others get their turn. */
const SLICE = 64;

/** Bounds for a process of so many files: one address cannot have all of them. */
export function connectionBounds(files = filesAllowed()): ConnectionBounds {
  const inAll = Math.max(1, Math.floor(SHARE * files));
  return { headerMs: HEADER_MS, idleMs: IDLE_MS, perPeer: Math.ceil(inAll / 2), inAll, lookMs: LOOK_MS };
}

/** Those to be cut, first those that took too long, then, where there are too many, the least useful ones. */
export function beyondBounds(
  all: readonly TcpConnection[],
  { headerMs, idleMs, perPeer, inAll }: Pick<ConnectionBounds, "headerMs" | "idleMs" | "perPeer" | "inAll">,
  isBusy: (peerPort: number) => boolean,
): { readonly late: readonly TcpConnection[]; readonly surplus: readonly TcpConnection[] } {
  const late: TcpConnection[] = [];
  const others: TcpConnection[] = [];
  for (const one of all) {
    const isLate = !isBusy(one.peerPort) && one.quietMs > (one.wasAnswered ? idleMs : headerMs);
    (isLate ? late : others).push(one);
  }
  const use = ({ peerPort, wasAnswered }: TcpConnection) => isBusy(peerPort) ? 2 : Number(wasAnswered);
  const best = others.toSorted((a, b) => use(b) - use(a) || a.quietMs - b.quietMs);
  const kept = new Map<string, number>();
  const surplus: TcpConnection[] = [];
  let count = 0;
  for (const one of best) {
    const ofPeer = kept.get(one.peer) ?? 0;
    if (count >= inAll || ofPeer >= perPeer) surplus.push(one);
    else {
      kept.set(one.peer, ofPeer + 1);
      count++;
    }
  }
  return { late, surplus };
}

/**
 * Keeps the connections to a port within bounds, until disposed: the runtime's HTTP server has none. They are looked at once in
 * a while, by the system's own clocks, so that no request pays for it. Where the system does not tell, all stay.
 */
export function keepWithinBounds(port: BoundedPort): AsyncDisposable {
  const connections = openTcpConnections();
  const stop = new AbortController();
  const done = connections === undefined ? Promise.resolve() : keep(connections, port, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      connections?.[Symbol.dispose]();
    },
  };
}

/** Never rejects. */
async function keep(connections: TcpConnections, { port, isBusy, bounds, log }: BoundedPort, signal: AbortSignal) {
  const trouble = new RateLimitedLog(log, systemClock);
  let lateBefore: ReadonlySet<string> = new Set();
  for (let pauseMs = bounds.lookMs; !signal.aborted;) {
    await systemClock.sleep(pauseMs, signal);
    if (signal.aborted) return;
    const began = systemClock.monotonic();
    try {
      const { late, surplus } = beyondBounds(await connections.to(port), bounds, isBusy);
      const [first] = surplus;
      if (first === undefined) trouble.ended("connections to port {port} are within bounds again", { port });
      else trouble.happened(TOO_MANY, { port, peer: first.peer, surplus: surplus.length });
      // Late twice in a row: an answer that was just given may be on its way yet.
      await cut([...late.filter((one) => lateBefore.has(nameOf(one))), ...surplus], connections);
      lateBefore = new Set(late.map(nameOf));
    } catch (error) {
      trouble.happened("connections to port {port} cannot be seen: {error}", { port, error });
    }
    pauseMs = Math.max(bounds.lookMs, REST * (systemClock.monotonic() - began));
  }
}

function nameOf({ file, peer, peerPort }: TcpConnection): string {
  return `${file} ${peer} ${peerPort}`;
}

const TOO_MANY = "too many connections to port {port}: {surplus} are cut, one of them from {peer}";

async function cut(these: readonly TcpConnection[], connections: TcpConnections): Promise<void> {
  for (const [index, one] of these.entries()) {
    if (index % SLICE === SLICE - 1) await new Promise<void>((resolve) => setImmediate(resolve));
    connections.cut(one);
  }
}
